import type { components } from './controlapi.js'

type Schemas = components['schemas']
export type API = Schemas['API']
export type Claim = Schemas['Claim']
export type ClaimCondition = Schemas['ClaimCondition']
export type Clock = Schemas['Clock']
export type ClockChange = Schemas['ClockChange']
export type Coverage = Schemas['Coverage']
export type Definition = Schemas['SandboxDefinition']
export type DeliveryState = Schemas['DeliveryState']
export type Endpoints = Schemas['Endpoints']
export type Entry = Schemas['Entry']
export type EntryPage = Schemas['EntryPage']
export type Judgement = Schemas['Judgement']
export type MQTTClient = Schemas['MQTTClient']
export type Playing = Schemas['Playing']
/** Its type is empty when something else than a control plane wrote the reply. */
export type ProblemDetails = Omit<Schemas['Problem'], 'type'> & { type: string }
export type SandboxDetails = Schemas['Sandbox']
export type ScenarioSummary = Schemas['ScenarioSummary']
export type Token = Schemas['Token']

/** Selects calls of a journal; what is left out selects all. */
export interface Filter {
  /** The name of an API, such as `onsmqtt`. */
  api?: string
  /** A full name, `onsmqtt.ApplyToken`, or the part behind the dot. */
  operation?: string
  /** `ok`, or the code of the error that was sent. */
  outcome?: string
}

/** How long a call of the control plane may take. */
const callLimit = 30_000

/** An error that the control plane answered with: problem details of RFC 9457. */
export class Problem extends Error {
  override name = 'Problem'

  constructor(readonly call: string, readonly status: number, readonly details: ProblemDetails) {
    super(`${call}: ${status} ${details.title}: ${details.detail}` + (details.line ? ` (line ${details.line}, column ${details.column})` : ''))
  }
}

/** Calls the control plane of one Tokenstage. What is refused rejects with a {@link Problem}. */
export class Client {
  /** The base URL of the control plane, without a slash at its end. */
  readonly url: string
  readonly #token: string | undefined

  constructor(url: string, token?: string) {
    this.url = (url.includes('://') ? url : `http://${url}`).replace(/\/+$/, '')
    this.#token = token
  }

  health = () => this.#call('GET', '/healthz')
  /** The certificate, in PEM, that clients of the data plane over HTTPS have to trust. */
  ca = () => this.#text('GET', '/ca.pem')
  apis = async () => (await this.#call<Schemas['APIList']>('GET', '/v1/apis')).apis
  scenarios = async () => (await this.#call<Schemas['ScenarioList']>('GET', '/v1/scenarios')).scenarios
  /** Which documented errors were seen in any sandbox, also in those that were removed since. */
  wholeCoverage = () => this.#call<Coverage>('GET', '/v1/coverage')

  createSandbox = (definition: Definition) => this.#call<SandboxDetails>('POST', '/v1/sandboxes', definition)
  sandbox = (id: string) => this.#call<SandboxDetails>('GET', path(id))
  removeSandbox = (id: string) => this.#text('DELETE', path(id))
  reset = (id: string) => this.#text('POST', path(id, 'reset'))
  /** A sandbox as a file that `tokenstage sandbox load` reads, with its calls and without its secrets. */
  snapshot = (id: string) => this.#text('GET', `${path(id, 'snapshot')}?journal=true`)
  coverage = (id: string) => this.#call<Coverage>('GET', path(id, 'coverage'))

  clock = (id: string) => this.#call<Clock>('GET', path(id, 'clock'))
  changeClock = (id: string, change: ClockChange) => this.#call<Clock>('PATCH', path(id, 'clock'), change)

  playing = async (id: string) => (await this.#call<Schemas['PlayingList']>('GET', path(id, 'scenarios'))).scenarios
  play = (id: string, name: string) => this.#text('PUT', path(id, 'scenarios', name))
  /** Plays a scenario that is written in YAML, under that name. */
  playDocument = (id: string, name: string, yaml: string) =>
    this.#text('PUT', path(id, 'scenarios', name), yaml, 'application/yaml')
  stop = (id: string, name: string) => this.#text('DELETE', path(id, 'scenarios', name))

  /** All calls in a journal that the filter selects, the oldest first. */
  async requests(id: string, filter: Filter = {}): Promise<Entry[]> {
    const all: Entry[] = []
    for (let after: number | null = 0; after !== null;) {
      const query = new URLSearchParams({ ...filter, after: String(after), limit: '1000' })
      const page: EntryPage = await this.#call<EntryPage>('GET', `${path(id, 'requests')}?${query}`)
      all.push(...page.requests)
      after = page.next
    }
    return all
  }

  clearRequests = (id: string) => this.#text('DELETE', path(id, 'requests'))
  judge = (id: string, claim: Claim) => this.#call<Judgement>('POST', path(id, 'claims'), claim)

  tokens = async (id: string) => (await this.#call<Schemas['TokenList']>('GET', path(id, 'tokens'))).tokens
  changeToken = (id: string, token: string, change: 'expire' | 'revoke' | 'redeem') =>
    this.#call<Token>('POST', path(id, 'tokens', token, change))

  clients = async (id: string) => (await this.#call<Schemas['ClientList']>('GET', path(id, 'clients'))).clients
  cutClient = (id: string, client: string) => this.#text('DELETE', path(id, 'clients', client))

  async #call<T>(method: string, target: string, body?: object): Promise<T> {
    const text = await this.#text(method, target, body && JSON.stringify(body), 'application/json')
    try {
      return JSON.parse(text) as T
    } catch {
      throw new Error(`${method} ${target}: the reply of ${this.url} is none of a control plane`)
    }
  }

  async #text(method: string, target: string, body?: string, contentType?: string): Promise<string> {
    const headers: Record<string, string> = {}
    if (body !== undefined && contentType) headers['content-type'] = contentType
    if (this.#token) headers['authorization'] = `Bearer ${this.#token}`
    const call = `${method} ${target}`
    let response: Response
    try {
      response = await fetch(this.url + target, { method, headers, body: body ?? null, signal: AbortSignal.timeout(callLimit) })
    } catch (error) {
      throw new Error(`${call}: ${this.url} does not answer: ${reason(error)}`, { cause: error })
    }
    const text = await response.text()
    if (!response.ok) throw new Problem(call, response.status, readProblem(response, text))
    return text
  }
}

const path = (id: string, ...parts: string[]) => ['/v1/sandboxes', ...[id, ...parts].map(encodeURIComponent)].join('/')

/** What fetch says of a failure stands in the error's cause. */
function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}

const maxExcerpt = 200

/** The problem of a reply, also of one that something between client and server wrote. */
function readProblem(response: Response, text: string): ProblemDetails {
  try {
    const details = JSON.parse(text) as ProblemDetails
    if (details.title && details.detail) return details
  } catch { /* it is no problem document */ }
  const excerpt = text.replace(/\s+/g, ' ').trim().slice(0, maxExcerpt)
  return {
    type: '', title: response.statusText, status: response.status,
    detail: 'the reply is no problem document' + (excerpt && `: ${excerpt}`),
  }
}
