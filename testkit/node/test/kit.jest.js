import { tokenstage } from '@tokenstage/testkit/jest'

const { emulator, withSandbox } = tokenstage()

test('a sandbox for a test', withSandbox({ seed: 5, play: ['error/ccmessaging.tokenByAkSk/500'] }, async box => {
  expect(box.seed).toBe(5)
  const response = await fetch(`${emulator().url}/apigovernance/api/oauth/tokenByAkSk`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ app_key: box.fabric.appKey, app_secret: box.fabric.appSecret }),
  })
  expect(response.status).toBe(500)
  const entry = await box.expect('ccmessaging.tokenByAkSk').outcome('500').once()
  expect(entry.seq).toBe(1)
}))

test('a claim that does not hold fails the test', async () => {
  const claim = withSandbox({}, async box => { await box.expect('onsmqtt.ApplyToken').once() })
  await expect(claim()).rejects.toThrow('onsmqtt.ApplyToken: want 1 call, got 0 calls')
})
