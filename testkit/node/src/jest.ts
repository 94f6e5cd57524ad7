import { Tokenstage } from './emulator.js'
import type { Sandbox, SandboxOptions } from './sandbox.js'

// Jest's globals are there whether or not its types are.
declare const beforeAll: (setUp: () => Promise<void>, timeout?: number) => void
declare const afterAll: (tearDown: () => Promise<void>, timeout?: number) => void

const startLimit = 60_000

/** Wraps the test of a sandbox for Jest's `test`. */
export type WithSandbox = (options: SandboxOptions, test: (box: Sandbox) => unknown) => () => Promise<void>

/**
 * Starts a server before the tests of a file and ends it after them. What it returns makes a test with a sandbox:
 *
 *     const { withSandbox } = tokenstage()
 *     test('backs off', withSandbox({ play: ['mqtt-throttled-then-fine'] }, async box => { … }))
 */
export function tokenstage(start: () => Promise<Tokenstage> = Tokenstage.start): {
  withSandbox: WithSandbox
  /** The server, once the tests run. */
  emulator: () => Tokenstage
} {
  let running: Tokenstage | undefined
  beforeAll(async () => { running = await start() }, startLimit)
  afterAll(async () => { await running?.stop() }, startLimit)
  const emulator = () => {
    if (!running) throw new Error('the server runs while the tests of the file do: it has not started, or could not')
    return running
  }
  return { emulator, withSandbox: (options, test) => async () => { await emulator().use(options, test) } }
}
