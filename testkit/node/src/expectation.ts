import type { Claim, ClaimCondition, Client, DeliveryState, Entry } from './client.js'
import type { Claims } from './claims.js'

/** A claim about calls that does not hold. Its message says what came instead, and why. */
export class ExpectationError extends Error {
  override name = 'ExpectationError'
}

/** How long the server waits for a claim at most. */
const maxWait = 10_000

/**
 * A claim about the calls that a sandbox got. Methods that return an Expectation narrow it down to some of the calls, in
 * any order; one of `once`, `times`, `atLeast`, `never` and `outcomes` then ends it, rejects when it does not hold, and
 * resolves to the calls that it is about, the oldest first. In expected values `*` stands for any text. A claim about a
 * name that does not exist fails, and so does one that nothing ended, when its sandbox ends.
 */
export class Expectation {
  readonly #client: Client
  readonly #sandbox: string
  readonly #claims: Claims
  readonly #claim: Omit<Claim, 'want'>
  readonly #within: number
  readonly #goesOn: boolean

  /** @internal */
  constructor(client: Client, sandbox: string, claims: Claims, claim: Omit<Claim, 'want'>, within: number, goesOn: boolean) {
    this.#client = client
    this.#sandbox = sandbox
    this.#claims = claims
    this.#claim = claim
    this.#within = within
    this.#goesOn = goesOn
    claims.open(this)
  }

  /** Calls with a parameter of that value: in the query, a form, or a JSON body, where dots lead inwards. */
  param = (name: string, value: string) => this.#narrow({ of: 'parameter', name, value })
  /** Calls with a header of that value. */
  header = (name: string, value: string) => this.#narrow({ of: 'header', name, value })
  /** MQTT packets about a topic within that filter. */
  topic = (filter: string) => this.#narrow({ of: 'topic', value: filter })
  /** MQTT packets of the client with that client id. */
  mqttClient = (clientId: string) => this.param('ClientId', clientId)
  /** Calls that ended so: `ok`, or the provider's code. */
  outcome = (outcome: string) => this.#narrow({ of: 'outcome', value: outcome })
  /** Calls that named themselves by that AccessKey ID or app key. */
  credential = (id: string) => this.#narrow({ of: 'credential', value: id })
  /** Calls whose reply was delivered so. */
  delivery = (state: DeliveryState) => this.#narrow({ of: 'delivery', value: state })

  /**
   * Gives apps that call in the background so many milliseconds, in real time, until the claim must hold. `never` then
   * watches for the whole time.
   */
  within = (milliseconds: number) => this.#next(this.#claim, milliseconds)

  /** One call came. */
  once = async () => (await this.#end({ ...this.#claim, want: 'once' }))[0]!
  /** Exactly so many calls came. */
  times = (calls: number) => this.#end({ ...this.#claim, want: 'times', calls })
  /** So many calls or more came. */
  atLeast = (calls: number) => this.#end({ ...this.#claim, want: 'atLeast', calls })
  /** No call came. */
  never = async () => { await this.#end({ ...this.#claim, want: 'never' }) }
  /** The calls ended so, in this order, and there were no others. */
  outcomes = (...outcomes: string[]) => this.#end({ ...this.#claim, want: 'outcomes', outcomes })

  /** Says which calls the claim is about. */
  toString(): string {
    const conditions = (this.#claim.where ?? []).map(({ of, name, value }) =>
      `${of === 'parameter' ? name : of === 'header' ? `header ${name}` : of} ${JSON.stringify(value)}`)
    return this.#claim.operation + (conditions.length ? ` with ${conditions.join(', ')}` : '')
  }

  #narrow(condition: ClaimCondition): Expectation {
    return this.#next({ ...this.#claim, where: [...this.#claim.where ?? [], condition] }, this.#within)
  }

  #next(claim: Omit<Claim, 'want'>, within: number): Expectation {
    this.#claims.close(this)
    return new Expectation(this.#client, this.#sandbox, this.#claims, claim, within, this.#goesOn)
  }

  async #end(claim: Claim): Promise<Entry[]> {
    this.#claims.close(this)
    for (let left = this.#within; ; left -= maxWait) {
      const judged = await this.#client.judge(this.#sandbox, { ...claim, withinMillis: Math.ceil(Math.min(left, maxWait)) })
      if (!judged.decided && left > maxWait) continue
      if (judged.report) this.#fail(judged.report)
      return judged.requests
    }
  }

  #fail(report: string): void {
    const error = new ExpectationError(report)
    if (!this.#goesOn) throw error
    this.#claims.fail(error)
  }
}
