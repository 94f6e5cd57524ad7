import { describe, expect } from 'vitest'
import { test } from '@tokenstage/testkit/vitest'

test('a sandbox for a test', async ({ box, emulator }) => {
  await box.expect('onsmqtt.ApplyToken').never()
  expect(box.endpoints.acs).toBe(emulator.address)
})

const throttled = test.extend({ sandboxOptions: { seed: 5, play: ['mqtt-throttled-then-fine'] } })

throttled('with options', async ({ box }) => {
  expect(box.seed).toBe(5)
  expect((await box.playing()).map(scenario => scenario.name)).toContain('mqtt-throttled-then-fine')
})

describe('what fails', () => {
  test.fails('a claim that does not hold', async ({ box }) => { await box.expect('onsmqtt.ApplyToken').once() })
  test.fails('a check that does not hold', async ({ box }) => { await box.check('onsmqtt.ApplyToken').once() })
})
