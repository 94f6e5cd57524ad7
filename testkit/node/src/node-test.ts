import type { TestContext } from 'node:test'
import type { Tokenstage } from './emulator.js'
import type { Sandbox, SandboxOptions } from './sandbox.js'

/** Node tells since 20.12 how a test went; its types do not say so yet. */
type Judged = TestContext & { readonly passed: boolean }

/**
 * Makes a sandbox for a test of `node:test`, which ends with it:
 *
 *     test('backs off', async t => {
 *       const box = await sandbox(t, emulator, { play: ['mqtt-throttled-then-fine'] })
 */
export async function sandbox(t: TestContext, emulator: Tokenstage, options: SandboxOptions = {}): Promise<Sandbox> {
  const box = await emulator.sandbox(options)
  t.after(() => box.end({ failed: !(t as Judged).passed, log: line => t.diagnostic(line) }))
  return box
}
