// The contract tests of tokens.js: the image in a container, steered over its control API.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { GenericContainer, Wait } from 'testcontainers'
import { MQTTTokens } from './tokens.js'

const image = process.env.TOKENSTAGE_IMAGE ?? 'tokenstage'
const controlToken = randomUUID()
const start = Date.UTC(2030, 0, 1)

let container
before(async () => {
  container = await new GenericContainer(image)
    .withEnvironment({ TOKENSTAGE_CONTROL_TOKEN: controlToken })
    .withExposedPorts(4010, 4011)
    .withWaitStrategy(Wait.forHttp('/healthz', 4011))
    .start()
})
after(() => container?.stop())

const address = port => `${container.getHost()}:${container.getMappedPort(port)}`

async function control(method, path, body) {
  const yaml = typeof body === 'string'
  const response = await fetch(`http://${address(4011)}/v1/sandboxes${path}`, {
    method,
    headers: {
      authorization: `Bearer ${controlToken}`,
      ...(body && { 'content-type': yaml ? 'application/yaml' : 'application/json' }),
    },
    body: yaml ? body : body && JSON.stringify(body),
  })
  const text = await response.text()
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
  return text && JSON.parse(text)
}

// A sandbox whose clock is the app's own: waiting is moving that clock on.
async function app(t) {
  const box = await control('POST', '', { now: new Date(start).toISOString(), frozen: true })
  t.after(() => control('DELETE', `/${box.id}`))
  const advance = milliseconds => control('PATCH', `/${box.id}/clock`, { advance: `${milliseconds}ms` })
  const now = async () => Date.parse((await control('GET', `/${box.id}/clock`)).now)
  const outcomes = async () => (await control('GET', `/${box.id}/requests`)).requests.map(entry => entry.outcome)
  const tokens = new MQTTTokens({
    endpoint: address(4010), ...box.credentials.acs[0], instanceId: 'post-cn-example', topics: ['orders/#'],
    now, wait: advance,
  })
  return { box, tokens, advance, now, outcomes }
}

test('a token is kept until it is about to end', async t => {
  const { tokens, advance, outcomes } = await app(t)
  const first = await tokens.token()
  await advance(54 * 60_000)
  assert.equal(await tokens.token(), first)
  await advance(2 * 60_000)
  assert.notEqual(await tokens.token(), first)
  assert.deepEqual(await outcomes(), ['ok', 'ok'])
})

test('an overflow is waited out', async t => {
  const { box, tokens, now, outcomes } = await app(t)
  await control('PUT', `/${box.id}/scenarios/busy`, `
name: busy
summary: ApplyToken is throttled twice, then answers normally.
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: ApplyTokenOverFlow
        times: 2
      - pass
`)
  await tokens.token()
  assert.deepEqual(await outcomes(), ['ApplyTokenOverFlow', 'ApplyTokenOverFlow', 'ok'])
  assert.equal(await now() - start, 1500)
})

test('an overflow that does not end is reported', async t => {
  const { box, tokens, outcomes } = await app(t)
  await control('PUT', `/${box.id}/scenarios/${encodeURIComponent('error/onsmqtt.ApplyToken/ApplyTokenOverFlow')}`)
  await assert.rejects(tokens.token(), /ApplyTokenOverFlow/)
  assert.equal((await outcomes()).length, 4)
})
