/**
 * Tests against Tokenstage: `Tokenstage` starts or finds a server, `Sandbox` is a world of its own for each test, and
 * `Expectation` claims what came in. `@tokenstage/testkit/node-test`, `/jest` and `/vitest` end sandboxes with their tests.
 */
export type { BinaryOptions } from './binary.js'
export { Client, Problem } from './client.js'
export type {
  API, Claim, ClaimCondition, Clock, ClockChange, Coverage, Definition, DeliveryState, Endpoints, Entry, Filter, Judgement,
  MQTTClient, Playing, ProblemDetails, SandboxDetails, ScenarioSummary, Token,
} from './client.js'
export type { ContainerOptions } from './container.js'
export { Tokenstage } from './emulator.js'
export { Expectation, ExpectationError } from './expectation.js'
export { MQTT } from './mqtt.js'
export type { TokenType } from './mqtt.js'
export { Sandbox } from './sandbox.js'
export type { Duration, Ending, SandboxOptions } from './sandbox.js'
