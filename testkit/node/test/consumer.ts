// What users write in TypeScript must compile, and what is not good must not.
import { test } from 'node:test'
import { test as vitest } from '@tokenstage/testkit/vitest'
import { tokenstage } from '@tokenstage/testkit/jest'
import { sandbox } from '@tokenstage/testkit/node-test'
import { Tokenstage, type Entry, type SandboxOptions } from '@tokenstage/testkit'

const options: SandboxOptions = { seed: 42, now: new Date(), play: ['mqtt-throttled-then-fine'], quotas: { 'onsmqtt.ApplyToken': '5/s' } }

test('typed', async t => {
  const emulator = await Tokenstage.connect('http://127.0.0.1:4011', { token: 'fake-control-token' })
  const box = await sandbox(t, emulator, options)
  const entries: Entry[] = await box.expect('onsmqtt.ApplyToken').delivery('reset').within(100).times(2)
  const time: Date = await box.advance('59m')
  await box.mqtt.upload('RW', entries[0]!.id + time + box.settings.acs.endpoint)
  // @ts-expect-error a state that no delivery has
  box.expect('onsmqtt.ApplyToken').delivery('resett')
  // @ts-expect-error an option that does not exist
  await emulator.sandbox({ sed: 42 })
})

vitest('typed', async ({ box }) => { await box.expect('*').never() })

const { withSandbox } = tokenstage(() => Tokenstage.startContainer({ image: 'tokenstage' }))
export const typed = withSandbox({}, async box => { await box.requests({ outcome: 'ok' }) })
