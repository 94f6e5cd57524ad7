import { startBinary } from './binary.js'
import type { BinaryOptions } from './binary.js'
import { Client } from './client.js'
import type { Endpoints } from './client.js'
import { startContainer } from './container.js'
import type { ContainerOptions } from './container.js'
import { Sandbox } from './sandbox.js'
import type { Ending, SandboxOptions } from './sandbox.js'

/** A server, and how it is ended by whoever started it. */
export interface Started {
  control: string
  token?: string
  /** Where this process reaches what the server names by addresses of its own, as host:port by the names of endpoints. */
  addresses?: Partial<Record<keyof Endpoints, string>>
  stop: () => Promise<void>
}

/** A running Tokenstage. Tests share one: each takes a sandbox of its own. */
export class Tokenstage {
  /** Speaks the whole control API. */
  readonly control: Client
  /** The address of the data plane as host:port, which is how SDKs of gateway acs take their endpoint. */
  readonly address: string
  readonly #started: Started
  readonly #known: string

  private constructor(started: Started, control: Client, said: Endpoints) {
    this.#started = started
    this.control = control
    this.#known = said.acs
    this.address = started.addresses?.data ?? reachable(said.acs, control.url)
  }

  /** Starts the binary on free ports. The server ends with `stop`, and with this process however that ends. */
  static start = async (options: BinaryOptions = {}) => Tokenstage.#of(await startBinary(options))

  /** Starts the image through the package `testcontainers`, which the project must have. */
  static startContainer = async (options: ContainerOptions = {}) => Tokenstage.#of(await startContainer(options))

  /** Uses a server that runs already, such as one that a team shares. */
  static connect = (control: string, options: { token?: string } = {}) =>
    Tokenstage.#of({ control, ...options, stop: async () => {} })

  static async #of(started: Started): Promise<Tokenstage> {
    const control = new Client(started.control, started.token)
    try {
      return new Tokenstage(started, control, (await control.sandbox('default')).endpoints)
    } catch (error) {
      await started.stop()
      throw error
    }
  }

  /** The base URL of the data plane. */
  get url() { return `http://${this.address}` }

  /** Makes a sandbox, which its test must `end`; the helpers for test runners do. */
  sandbox = (options: SandboxOptions = {}) => Sandbox.create(this.control, this.#reach, options)

  /** Opens a sandbox that exists, such as `default`, which gets the calls whose credential nobody knows. */
  open = (id: string) => Sandbox.open(this.control, this.#reach, id)

  /** Runs a test with a sandbox of its own, which ends with it. */
  async use<T>(options: SandboxOptions, test: (box: Sandbox) => T | Promise<T>, log?: Ending['log']): Promise<T> {
    const box = await this.sandbox(options)
    const ending = (failed: boolean) => box.end({ failed, ...(log && { log }) })
    let result: T
    try {
      result = await test(box)
    } catch (error) {
      await ending(true).catch(() => {}) // the test's own error is the one to read
      throw error
    }
    await ending(false)
    return result
  }

  /** Ends the server, if this process started it. */
  stop = () => this.#started.stop()

  /** The endpoints that the server says, with its addresses as this process reaches them. */
  #reach = (said: Endpoints): Endpoints => {
    const here = (endpoint: string) => endpoint.replace(this.#known, this.address)
    const reached: Endpoints = {
      data: this.url, control: this.control.url, acs: here(said.acs), top: here(said.top), fabric: here(said.fabric),
      oss: here(said.oss),
    }
    for (const name of ['tls', 'mqtt', 'mqttWs', 'mqtts'] as const) {
      const url = said[name] && new URL(said[name])
      if (!url) continue
      const address = this.#started.addresses ? this.#started.addresses[name] : reachable(url.host, this.control.url)
      if (address) reached[name] = said[name]!.replace(url.host, address)
    }
    return reached
  }
}

/** An address of the server as seen from where the control plane is known by that URL. */
function reachable(address: string, control: string): string {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon)
  return /^(127\.|\[::1\]|localhost$)/.test(host) ? new URL(control).hostname + address.slice(colon) : address
}
