// What every testkit does: ../../contracts says what the words of its files mean.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Tokenstage } from '@tokenstage/testkit'
import { sandbox } from '@tokenstage/testkit/node-test'

const folder = new URL('../../contracts/', import.meta.url)
const contracts = readdirSync(folder).filter(name => name.endsWith('.json'))
  .flatMap(name => JSON.parse(readFileSync(new URL(name, folder), 'utf8')).contracts)

let shared
before(async () => { shared = await Tokenstage.start() })
after(() => shared.stop())

test('there are contracts', () => assert.ok(contracts.length > 10, `${contracts.length}`))

for (const contract of contracts) {
  test(contract.name, { concurrency: true }, async t => {
    const emulator = contract.alone ? await Tokenstage.start() : shared
    const box = await sandbox(t, emulator, contract.sandbox)
    if (contract.alone) t.after(() => emulator.stop())
    for (const [i, step] of contract.steps.entries()) {
      await take(`step ${i + 1}`, expand(step, box, emulator), box, emulator)
    }
  })
}

/** Fills in the values of the sandbox. */
function expand(step, box, emulator) {
  const values = { ...box, address: emulator.address }
  return JSON.parse(JSON.stringify(step).replace(/\$\{([\w.]+)\}/g, (_, name) =>
    name.split('.').reduce((value, member) => value[member], values)))
}

/** Goes one step, and holds it to what it must fail with. */
async function take(name, step, box, emulator) {
  const verb = Object.keys(step).find(key => verbs[key])
  assert.ok(verb, `${name} has no verb that is known: ${JSON.stringify(step)}`)
  const done = verbs[verb]({ box, emulator, step, given: step[verb] })
  if (!step.fails) return assert.doesNotReject(done, `${name}, ${verb}`)
  await assert.rejects(done, error => error.message.includes(step.fails) || assert.fail(`${name}, ${verb}: ${error.message}`))
}

const changesToken = change => async ({ box, step, given }) => {
  const token = await box[change]((await box.tokens())[given].id)
  assert.equal(token.state, step.state)
}

const verbs = {
  authorize: async ({ box, emulator, given: { key = box.fabric.appKey, secret = box.fabric.appSecret, query = '' } }) => {
    const response = await fetch(`${emulator.url}/apigovernance/api/oauth/tokenByAkSk${query}`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ app_key: key, app_secret: secret }),
    })
    await response.arrayBuffer()
  },
  value: async ({ step, given }) => assert.equal(given, step.is),
  now: async ({ box, given }) => assert.deepEqual(await box.now(), new Date(given)),
  set: ({ box, given }) => box.set(given),
  setReal: ({ box }) => box.setReal(),
  freeze: ({ box }) => box.freeze(),
  unfreeze: ({ box }) => box.unfreeze(),
  advance: ({ box, given }) => box.advance(given * 1000),
  play: ({ box, given }) => box.play(given),
  script: ({ box, given: { name, source } }) => box.script(name, source),
  stop: ({ box, given }) => box.stop(given),
  playing: async ({ box, given }) => {
    const all = await box.playing()
    assert.deepEqual(all.filter(scenario => !scenario.default).map(scenario => scenario.name), given)
  },
  tokens: async ({ box, given }) => {
    assert.deepEqual((await box.tokens()).map(token => `${token.operation} ${token.state}`), given)
  },
  expire: changesToken('expire'),
  revoke: changesToken('revoke'),
  redeem: changesToken('redeem'),
  requests: async ({ box, step, given }) => assert.equal((await box.requests(given)).length, step.count),
  clear: ({ box }) => box.clear(),
  reset: ({ box }) => box.reset(),
  claim,
  mqtt: async ({ box, step, given }) => {
    const value = box.mqtt[given]
    assert.equal(typeof value === 'function' ? value(...step.arguments) : value, step.is)
  },
}

/** Makes a claim, and holds what the test reads to what is written. */
async function claim({ box, step, given: { operation, where = [], want, calls, outcomes, within } }) {
  let expectation = box.expect(operation)
  for (const { of, name, value } of where) {
    const method = of === 'parameter' ? 'param' : of
    expectation = name ? expectation[method](name, value) : expectation[method](value)
  }
  if (within) expectation = expectation.within(within * 1000)
  const ended = want === 'outcomes' ? expectation.outcomes(...outcomes) : expectation[want](calls)
  if (!step.report && !step.says) {
    const found = await ended
    if (step.count !== undefined) assert.equal([found].flat().length, step.count)
    return
  }
  const { message } = await ended.then(() => assert.fail(`${operation} holds`), error => error)
  if (step.report) {
    const refused = (await box.requests({ outcome: '403' })).at(-1)?.findings[0]
    const report = step.report.map(line => line.replace('REASON', `${refused?.check}: ${refused?.message}`))
    assert.deepEqual(message.split('\n'), report)
  }
  for (const text of step.says ?? []) assert.ok(message.includes(text), `does not say ${text}: ${message}`)
}
