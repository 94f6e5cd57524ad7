// How servers are started, found and ended.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Tokenstage } from '@tokenstage/testkit'

test('a server that is stopped does not answer any more', async () => {
  const emulator = await Tokenstage.start()
  await emulator.control.health()
  await emulator.stop()
  await emulator.stop()
  await assert.rejects(emulator.control.health(), /does not answer/)
})

test('further flags', async t => {
  const emulator = await Tokenstage.start({ args: ['--seed', '99'] })
  t.after(() => emulator.stop())
  assert.equal((await emulator.open('default')).seed, 99)
})

test('what cannot be started says why', async () => {
  await assert.rejects(Tokenstage.start({ binary: 'no-such-tokenstage' }), /name its binary in TOKENSTAGE_BIN/)
  await assert.rejects(Tokenstage.start({ args: ['--sed', '1'] }), /it ended with 2\n.*--sed/)
})

test('connect uses a server that runs, with its token', async t => {
  const token = 'fake-control-token'
  const emulator = await Tokenstage.start({ args: ['--control-token', token] }).catch(error => error)
  assert.match(emulator.message, /needs its token/) // it was not told, and does not leave the server behind
  const open = await Tokenstage.start()
  t.after(() => open.stop())
  const shared = await Tokenstage.connect(open.control.url)
  assert.equal(shared.address, open.address)
  await shared.use({}, box => assert.equal(box.endpoints.mqtt, box.mqtt.url))
  await shared.stop()
  await open.control.health()
})

// A run that is killed cannot stop anything: the server sees that its standard input has ended.
test('a server ends with the process that started it, killed or not', { timeout: 60_000 }, async () => {
  for (const signal of ['SIGKILL', undefined]) {
    const script = `import { Tokenstage } from '@tokenstage/testkit'
      const { control } = await Tokenstage.start()
      console.log(control.url)
      ${signal ? 'setInterval(() => {}, 1000)' : ''}`
    const run = spawn(process.execPath, ['--input-type=module', '--eval', script],
      { cwd: new URL('..', import.meta.url), stdio: ['ignore', 'pipe', 'inherit'] })
    const [url] = await once(run.stdout.setEncoding('utf8'), 'data')
    if (signal) run.kill(signal)
    await once(run, 'exit')
    const answers = () => fetch(`${url.trim()}/healthz`).then(() => true, () => false)
    while (await answers()) await new Promise(setImmediate)
  }
})
