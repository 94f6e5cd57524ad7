// The AICC publishes no SDK for Node: a backend as the vendor's pages describe it, over fetch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, newBox } from './sandbox.js';

const [channel, customer] = ['202402195001', 'alice'];

class Backend {
  constructor(app) {
    this.app = app;
  }

  async post(path, body, headers) {
    const response = await fetch(`http://${data}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=UTF-8', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...(await response.json()) };
  }

  async signIn() {
    const { appKey, appSecret } = this.app;
    const { AccessToken } = await this.post('/apigovernance/api/oauth/tokenByAkSk',
      { app_key: appKey, app_secret: appSecret });
    this.headers = { 'X-APP-Key': appKey, Authorization: `Bearer ${AccessToken}` };
    const { token } = await this.post('/apiaccess/ccmessaging/applyToken',
      { userId: customer, userName: 'Alice', channelId: channel, locale: 'zh' }, this.headers);
    assert.ok(token);
    this.headers['ccmessaging-token'] = token;
  }

  send(controlType) {
    return this.post('/apiaccess/ccmessaging/send', {
      channel: 'WEB', content: '', controlType, from: customer, to: channel, mediaType: 'TEXT', sourceType: 'CUSTOMER',
      senderNickname: null, senderAvatar: null,
    }, this.headers);
  }
}

test('a backend signs in again after 401', async (t) => {
  const box = await newBox(t);
  const backend = new Backend(box.fabric);
  await backend.signIn();
  await box.clock({ advance: '61m' });
  const refused = await backend.send('CONNECT');
  assert.equal(refused.status, 401);
  assert.ok(refused.errorCode && refused.exceptionInfo);
  await backend.signIn();
  assert.equal((await backend.send('CONNECT')).resultCode, '0');
});
