import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tokenstage } from '@tokenstage/testkit'

const skip = process.env.TOKENSTAGE_ENGINE !== 'required' && 'needs a container engine and the image'

test('the image', { skip }, async t => {
  const emulator = await Tokenstage.startContainer()
  t.after(() => emulator.stop())
  await emulator.use({}, async box => {
    assert.equal(box.endpoints.acs, emulator.address)
    assert.equal(new URL(box.mqtt.url).protocol, 'mqtt:')
    await box.expect('*').never()
  })
})
