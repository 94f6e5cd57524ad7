import { randomUUID } from 'node:crypto'
import type { Endpoints } from './client.js'
import type { Started } from './emulator.js'

/** How the image is started. */
export interface ContainerOptions {
  /** The image; `TOKENSTAGE_IMAGE` or `tokenstage` when it is left out. */
  image?: string
}

const ports = { data: 4010, control: 4011, mqtt: 4012 }

/** @internal Starts the image. testcontainers removes the container when this process is killed. */
export async function startContainer({ image }: ContainerOptions): Promise<Started> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const token = randomUUID()
  const container = await new GenericContainer(image ?? process.env['TOKENSTAGE_IMAGE'] ?? 'tokenstage')
    .withEnvironment({ TOKENSTAGE_CONTROL_TOKEN: token })
    .withExposedPorts(...Object.values(ports))
    .withWaitStrategy(Wait.forHttp('/healthz', ports.control))
    .start()
  const at = (port: number) => `${container.getHost()}:${container.getMappedPort(port)}`
  const addresses: Partial<Record<keyof Endpoints, string>> = { data: at(ports.data), mqtt: at(ports.mqtt) }
  return {
    control: `http://${at(ports.control)}`, token, addresses,
    stop: async () => { await container.stop() },
  }
}
