import { test as base } from 'vitest'
import { Tokenstage } from './emulator.js'
import type { Sandbox, SandboxOptions } from './sandbox.js'

/** What tests get: a server for the file, and a sandbox of their own, made with `sandboxOptions`. */
export interface Fixtures {
  emulator: Tokenstage
  sandboxOptions: SandboxOptions
  box: Sandbox
}

/**
 * Vitest's `test` with a server and sandboxes:
 *
 *     test('backs off', async ({ box }) => { … })
 *     const throttled = test.extend({ sandboxOptions: { play: ['mqtt-throttled-then-fine'] } })
 *
 * `test.extend({ emulator: [async ({}, use) => …, { scope: 'file' }] })` takes another server.
 */
export const test = base.extend<Fixtures>({
  emulator: [async ({}, use) => {
    const emulator = await Tokenstage.start()
    await use(emulator)
    await emulator.stop()
  }, { scope: 'file' }],
  sandboxOptions: {},
  box: async ({ emulator, sandboxOptions, task }, use) => {
    const box = await emulator.sandbox(sandboxOptions)
    await use(box)
    await box.end({ failed: task.result?.state === 'fail' })
  },
})
