// What this testkit does in the way of its language.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ExpectationError, Problem, Tokenstage } from '@tokenstage/testkit'
import { sandbox } from '@tokenstage/testkit/node-test'

let emulator
before(async () => { emulator = await Tokenstage.start() })
after(() => emulator.stop())

const gone = error => error instanceof Problem && error.status === 404

test('a sandbox ends with its test', async t => {
  let id
  await t.test('the test', async t => { ({ id } = await sandbox(t, emulator)) })
  await assert.rejects(emulator.open(id), gone)
})

test('a claim that nothing ended fails its test', async () => {
  await assert.rejects(emulator.use({}, box => { box.expect('onsmqtt.ApplyToken').outcome('ok') }), error =>
    error instanceof ExpectationError && /^onsmqtt.ApplyToken with outcome "ok": the claim was not ended/.test(error.message))
})

test('a claim can be narrowed down in two ways', async t => {
  const box = await sandbox(t, emulator)
  const all = box.expect('onsmqtt.*')
  await all.outcome('ok').never()
  await all.param('InstanceId', 'a').never()
})

test('checks are reported together', async () => {
  await assert.rejects(emulator.use({}, async box => {
    assert.deepEqual(await box.check('onsmqtt.ApplyToken').times(2), [])
    await box.check('onsmqtt.ApplyToken').once()
    await box.check('onsmqtt.ApplyToken').never()
  }), error => error instanceof AggregateError && error.errors.length === 2 &&
    /want 2 calls, got 0 calls[\s\S]*want 1 call, got 0 calls/.test(error.message))
})

test('the error of a test goes before what its sandbox has to say', async () => {
  await assert.rejects(emulator.use({}, box => {
    box.expect('*')
    throw new Error('the own one')
  }, () => {}), /the own one/)
})

test('a failed test tells the seed, and its sandbox is written down and kept where that is asked for', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenstage-kept-'))
  process.env.TOKENSTAGE_KEEP = folder
  t.after(() => {
    delete process.env.TOKENSTAGE_KEEP
    rmSync(folder, { recursive: true })
  })
  const lines = []
  const box = await emulator.sandbox({ seed: 77, keepOnFailure: true })
  await box.end({ failed: true, log: line => lines.push(line) })
  assert.equal(lines[0], `sandbox ${box.id}, seed 77`)
  assert.match(lines[1], /was saved: tokenstage sandbox load/)
  assert.match(lines[2], /is kept: look at .*\/console\/calls\?sandbox=/)
  assert.equal(JSON.parse(readFileSync(join(folder, `${box.id}.json`), 'utf8')).secrets, false)
  await (await emulator.open(box.id)).end({ failed: false })
  await assert.rejects(emulator.open(box.id), gone)
})

test('a sandbox whose scenario is unknown is not left behind', async () => {
  const ids = async () => (await emulator.control.wholeCoverage(), (await fetch(`${emulator.control.url}/v1/sandboxes`)).json())
  const id = 'never-made'
  await assert.rejects(emulator.sandbox({ id, play: ['no/such'] }), /play no\/such \(sandbox never-made, seed \d+\)/)
  assert.ok(!(await ids()).sandboxes.some(box => box.id === id))
})

test('sandboxes have an idle limit, unless another is given', async t => {
  const ttl = async options => (await emulator.control.sandbox((await sandbox(t, emulator, options)).id)).ttl
  assert.equal(await ttl({}), '1h')
  assert.equal(await ttl({ ttl: '2m' }), '2m')
})

test('settings for the SDKs', async t => {
  const box = await sandbox(t, emulator, { credentials: { acs: [
    { accessKeyId: 'LTAIfakeSettings', accessKeySecret: 'fake-secret', securityToken: 'fake-sts' },
  ] } })
  const key = { accessKeyId: 'LTAIfakeSettings', accessKeySecret: 'fake-secret', securityToken: 'fake-sts' }
  assert.deepEqual(box.settings.acs, { ...key, endpoint: emulator.address, protocol: 'http' })
  assert.deepEqual(box.settings.pop, { ...key, endpoint: emulator.url, opts: { method: 'POST' } })
  assert.equal(box.settings.top.url, `${emulator.url}/router/rest`)
  assert.deepEqual(box.settings.fabric, { baseUrl: emulator.url, ...box.fabric })
})

test('a server that does not answer', async () => {
  await assert.rejects(Tokenstage.connect('127.0.0.1:1'), /http:\/\/127\.0\.0\.1:1 does not answer: .+/)
})
