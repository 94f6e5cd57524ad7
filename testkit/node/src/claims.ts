import { ExpectationError } from './expectation.js'

/** The claims of one sandbox: those that nothing ended yet, and those of `check` that did not hold. */
export class Claims {
  readonly #open = new Set<{ toString(): string }>()
  readonly #failed: ExpectationError[] = []

  open(claim: { toString(): string }): void { this.#open.add(claim) }

  close(claim: { toString(): string }): void { this.#open.delete(claim) }

  fail(error: ExpectationError): void { this.#failed.push(error) }

  /** What the sandbox's test must still hear of; claims that are open only where it did not fail already. */
  errors(failed: boolean): ExpectationError[] {
    if (failed || this.#failed.length) return this.#failed
    return [...this.#open].map(claim => new ExpectationError(`${claim}: the claim was not ended and claims nothing; ` +
      'end it with once, times, atLeast, never or outcomes, and await it'))
  }
}
