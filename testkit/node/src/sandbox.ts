import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Claims } from './claims.js'
import { Problem } from './client.js'
import type { Client, Definition, Endpoints, Filter, SandboxDetails } from './client.js'
import { Expectation } from './expectation.js'
import { MQTT } from './mqtt.js'

/** What a sandbox is made from. What is left out is filled in. */
export interface SandboxOptions extends Omit<Definition, 'now' | 'scenarios' | 'snapshot'> {
  /** Where the clock starts; real time when it is left out. */
  now?: Date | string
  /** Known scenarios to play. Of all that play, the last one wins. */
  play?: string[]
  /** Scenarios of the test's own, written in YAML; they win over those of `play`. */
  scripts?: { name: string, source: string }[]
  /** Leaves the sandbox of a failed test where it is, on a server that stays. */
  keepOnFailure?: boolean
}

/** How a test ended, for the end of its sandbox. */
export interface Ending {
  failed: boolean
  /** Where to tell about the sandbox of a failed test. */
  log?: (line: string) => void
}

/** How long a sandbox may be idle before the server removes it, should the run break off. */
const idleLimit = '1h'

/** The folder into which the sandboxes of failed tests are written. */
const keepVariable = 'TOKENSTAGE_KEEP'

/** A duration: in milliseconds, or as text such as `59m` or `1h30m`. */
export type Duration = number | string

/** A sandbox in the hands of a test. */
export class Sandbox {
  readonly id: string
  /** Repeats the sandbox's chance. */
  readonly seed: number
  readonly credentials: SandboxDetails['credentials']
  /** The first credential of each gateway; its members are empty where there is none. */
  readonly acs: { accessKeyId: string, accessKeySecret: string, securityToken?: string, bearerToken?: string }
  readonly top: { appKey: string, appSecret: string }
  readonly fabric: { appKey: string, appSecret: string }
  /** Addresses that this process can reach. */
  readonly endpoints: Endpoints
  readonly mqtt: MQTT
  readonly #client: Client
  readonly #claims = new Claims()
  readonly #plan: SandboxOptions
  readonly #made: Date | undefined

  private constructor(client: Client, details: SandboxDetails, endpoints: Endpoints, plan: SandboxOptions, made?: Date) {
    this.id = details.id
    this.seed = details.seed
    this.credentials = details.credentials
    this.acs = { accessKeyId: '', accessKeySecret: '', ...details.credentials.acs?.[0] }
    this.top = details.credentials.top?.[0] ?? { appKey: '', appSecret: '' }
    this.fabric = details.credentials.fabric?.[0] ?? { appKey: '', appSecret: '' }
    this.endpoints = endpoints
    const { mqtt = '', mqttWs = '', mqtts = '' } = endpoints
    this.mqtt = new MQTT(mqtt, mqttWs, mqtts, this.acs.accessKeyId, this.acs.accessKeySecret)
    this.#client = client
    this.#plan = plan
    this.#made = made
  }

  /** @internal */
  static async create(client: Client, reach: (said: Endpoints) => Endpoints, plan: SandboxOptions): Promise<Sandbox> {
    const { now, play: _play, scripts: _scripts, keepOnFailure: _keep, ...rest } = plan
    const made = new Date()
    const details = await client.createSandbox({
      ttl: idleLimit, ...rest, ...(now !== undefined && { now: new Date(now).toISOString() }),
    })
    const box = new Sandbox(client, details, reach(details.endpoints), plan, made)
    try {
      await box.#start()
    } catch (error) {
      await client.removeSandbox(box.id)
      throw error
    }
    return box
  }

  /** @internal */
  static async open(client: Client, reach: (said: Endpoints) => Endpoints, id: string): Promise<Sandbox> {
    const details = await client.sandbox(id)
    return new Sandbox(client, details, reach(details.endpoints), {})
  }

  /** What the vendors' clients for Node are made with. */
  get settings() {
    const { accessKeyId, accessKeySecret, securityToken } = this.acs
    const key = { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) }
    return {
      /** For `new Config(…)` of `@alicloud/openapi-client` and `@alicloud/openapi-core`, and the product packages over them. */
      acs: { ...key, endpoint: this.endpoints.acs, protocol: 'http' },
      /** For `@alicloud/pop-core`, to which an `apiVersion` is added. */
      pop: { ...key, endpoint: `http://${this.endpoints.acs}`, opts: { method: 'POST' } },
      /** For `taobao-sdk` and `ali-topsdk`; `REST_URL` is what `node-taobao-topclient` calls the URL. */
      top: { url: this.endpoints.top, REST_URL: this.endpoints.top, appkey: this.top.appKey, appsecret: this.top.appSecret },
      /** For any HTTP client. */
      fabric: { baseUrl: this.endpoints.fabric, ...this.fabric },
    }
  }

  /** The time on the sandbox's clock. */
  now = async () => new Date((await this.#client.clock(this.id)).now)
  /** Moves the clock on and resolves to the new time. */
  advance = (step: Duration) => this.#change({ advance: typeof step === 'number' ? `${step}ms` : step })
  /** Puts the clock to a time. */
  set = (now: Date | string) => this.#change({ now: new Date(now).toISOString() })
  /** Puts the clock back to real time. */
  setReal = () => this.#change({ real: true })
  /** Makes the clock stand still. */
  freeze = () => this.#change({ frozen: true })
  /** Lets the clock run on. */
  unfreeze = () => this.#change({ frozen: false })

  /** Plays a known scenario; it wins over what plays already. */
  play = (name: string) => this.#try(`play ${name}`, this.#client.play(this.id, name))
  /** Plays a scenario that is written in YAML, under that name. */
  script = (name: string, yaml: string) => this.#try(`play ${name}`, this.#client.playDocument(this.id, name, yaml))
  /** Ends a scenario. */
  stop = (name: string) => this.#try(`stop ${name}`, this.#client.stop(this.id, name))
  /** What plays, and where its rules stand. */
  playing = () => this.#try('list what plays', this.#client.playing(this.id))

  /** The tokens that the sandbox issued, the newest first. */
  tokens = () => this.#try('list the tokens', this.#client.tokens(this.id))
  /** Ends a token as if its time were over. */
  expire = (tokenId: string) => this.#try(`expire token ${tokenId}`, this.#client.changeToken(this.id, tokenId, 'expire'))
  /** Ends a token as if its owner had revoked it. */
  revoke = (tokenId: string) => this.#try(`revoke token ${tokenId}`, this.#client.changeToken(this.id, tokenId, 'revoke'))
  /** Uses up a token that can be used once. */
  redeem = (tokenId: string) => this.#try(`redeem token ${tokenId}`, this.#client.changeToken(this.id, tokenId, 'redeem'))

  /** The MQTT clients that are connected. */
  clients = () => this.#try('list the MQTT clients', this.#client.clients(this.id))
  /** Cuts the MQTT client with that id of {@link clients}. */
  cut = (id: string) => this.#try(`cut the MQTT client ${id}`, this.#client.cutClient(this.id, id))

  /** All calls in the journal that the filter selects, the oldest first. */
  requests = (filter: Filter = {}) => this.#try('read the journal', this.#client.requests(this.id, filter))
  /** Empties the journal, so that what is expected later is about later calls only. */
  clear = () => this.#try('clear the journal', this.#client.clearRequests(this.id))
  /** Puts state, clock and journal back to the start, and plays again what the sandbox was made with. */
  reset = async () => {
    await this.#try('reset the sandbox', this.#client.reset(this.id))
    await this.#start()
  }

  /** Begins a claim about the calls of an operation, such as `onsmqtt.ApplyToken` or `onsmqtt.*`. */
  expect = (operation: string) => this.#claim(operation, false)
  /** Is `expect` for a test that goes on when the claim does not hold; what did not is told when the sandbox ends. */
  check = (operation: string) => this.#claim(operation, true)

  #claim(operation: string, goesOn: boolean): Expectation {
    const since = this.#made && { since: this.#made.toISOString() }
    return new Expectation(this.#client, this.id, this.#claims, { operation, ...since }, 0, goesOn)
  }

  /**
   * Ends the sandbox with its test: removes it, and rejects with what `check` found and with claims that nothing ended.
   * Of a test that failed it tells the seed, writes the sandbox into the folder of TOKENSTAGE_KEEP, and leaves it where
   * it is if the sandbox was made so.
   */
  async end({ failed, log = console.error }: Ending): Promise<void> {
    const errors = this.#claims.errors(failed)
    if (failed || errors.length) {
      log(this.#text)
      await this.#save(log)
    }
    if ((failed || errors.length) && this.#plan.keepOnFailure) {
      log(this.#whereToLook)
    } else {
      await this.#client.removeSandbox(this.id).catch((error: unknown) => {
        if (!(error instanceof Problem && error.status === 404)) throw error
      })
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length) throw new AggregateError(errors, errors.map(error => error.message).join('\n\n'))
  }

  async #start(): Promise<void> {
    for (const name of this.#plan.play ?? []) await this.play(name)
    for (const { name, source } of this.#plan.scripts ?? []) await this.script(name, source)
  }

  async #change(change: Parameters<Client['changeClock']>[1]): Promise<Date> {
    const clock = await this.#try('change the clock', this.#client.changeClock(this.id, change))
    if (clock.warning) console.error(`the clock of ${this.id}: ${clock.warning}`)
    return new Date(clock.now)
  }

  async #save(log: (line: string) => void): Promise<void> {
    const folder = process.env[keepVariable]
    if (!folder) return
    try {
      const file = join(folder, `${this.id}.json`)
      await mkdir(folder, { recursive: true })
      await writeFile(file, await this.#client.snapshot(this.id))
      log(`sandbox ${this.id} was saved: tokenstage sandbox load ${file}`)
    } catch (error) {
      log(`save the sandbox ${this.id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  get #text() { return `sandbox ${this.id}, seed ${this.seed}` }

  get #whereToLook() {
    const { url } = this.#client
    return `sandbox ${this.id} is kept: look at ${url}/console/calls?sandbox=${this.id}, or with\n` +
      `  tokenstage requests --control ${url} --sandbox ${this.id}\nand remove it with\n` +
      `  tokenstage sandbox rm --control ${url} ${this.id}`
  }

  /** Names the sandbox in the error of a call that was refused. */
  async #try<T>(what: string, call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (error) {
      throw new Error(`${what} (${this.#text}): ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}
