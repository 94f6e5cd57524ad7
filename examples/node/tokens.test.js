// The contract tests of tokens.js. They start the binary, or the image that TOKENSTAGE_IMAGE names.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Tokenstage } from '@tokenstage/testkit'
import { sandbox } from '@tokenstage/testkit/node-test'
import { MQTTTokens } from './tokens.js'

const applyToken = 'onsmqtt.ApplyToken'
const start = Date.UTC(2030, 0, 1)

let emulator
before(async () => {
  emulator = await (process.env.TOKENSTAGE_IMAGE ? Tokenstage.startContainer() : Tokenstage.start())
})
after(() => emulator?.stop())

// The app, and a sandbox whose clock is its own: waiting is moving that clock on. The SDK signs with real time.
async function app(t, options) {
  const box = await sandbox(t, emulator, { ...options, now: new Date(start), frozen: true })
  const tokens = new MQTTTokens({
    config: box.settings.acs, instanceId: 'post-cn-example', topics: ['orders/#'],
    now: async () => (await box.now()).getTime(), wait: box.advance,
  })
  return { box, tokens }
}

test('a token is kept until it is about to end', async t => {
  const { box, tokens } = await app(t)
  const first = await tokens.token()
  await box.advance('54m')
  assert.equal(await tokens.token(), first)
  await box.advance('2m')
  assert.notEqual(await tokens.token(), first)
  await box.expect(applyToken).param('InstanceId', 'post-cn-example').param('Resources', 'orders/#').outcomes('ok', 'ok')
})

// A scenario of the test's own; many ship with Tokenstage.
const busy = {
  name: 'busy',
  source: `
name: busy
summary: ApplyToken is throttled twice, then answers normally.
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: ApplyTokenOverFlow
        times: 2
      - pass
`,
}

test('an overflow is waited out', async t => {
  const { box, tokens } = await app(t, { scripts: [busy] })
  await tokens.token()
  await box.expect(applyToken).outcomes('ApplyTokenOverFlow', 'ApplyTokenOverFlow', 'ok')
  assert.equal(await box.now() - start, 1500)
})

test('an overflow that does not end is reported', async t => {
  const { box, tokens } = await app(t, { play: ['error/onsmqtt.ApplyToken/ApplyTokenOverFlow'] })
  await assert.rejects(tokens.token(), { code: 'ApplyTokenOverFlow' })
  await box.expect(applyToken).outcome('ApplyTokenOverFlow').times(4)
})

test('any other refusal is reported at once', async t => {
  const { box, tokens } = await app(t, { play: ['error/onsmqtt.ApplyToken/SystemOverFlow'] })
  await assert.rejects(tokens.token(), { code: 'SystemOverFlow' })
  await box.expect(applyToken).outcomes('SystemOverFlow')
})
