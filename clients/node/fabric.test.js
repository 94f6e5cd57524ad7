// The AICC publishes no SDK for Node: a backend as the vendor's pages describe it, over fetch.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
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

  call(name, body) {
    return this.post(`/apiaccess/ccmessaging/${name}`, body, this.headers);
  }

  send(controlType, { content = '', mediaType = 'TEXT', name = 'send' } = {}) {
    return this.call(name, {
      channel: 'WEB', content, controlType, from: customer, to: channel, mediaType, sourceType: 'CUSTOMER',
      senderNickname: null, senderAvatar: null,
    });
  }

  async poll() {
    const query = new URLSearchParams({ receiverId: customer, channel: 'WEB' });
    const response = await fetch(`http://${data}/apiaccess/ccmessaging/poll?${query}`, { headers: this.headers });
    return (await response.json()).downlinkMessages;
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

test('a chat with files, an agent, its history and what comes after', async (t) => {
  const box = await newBox(t, {
    frozen: true,
    fixtures: {
      chat: [
        { on: 'CONNECT', say: 'Welcome!' },
        { on: 'TRANS2AGENT', after: '1m', say: 'Here is Ada.' },
        { on: 'CHAT', content: 'bye', say: 'Goodbye.', do: 'close' },
      ],
    },
  });
  const backend = new Backend(box.fabric);
  await backend.signIn();
  assert.equal((await backend.send('CONNECT', { name: 'sendAsync' })).resultCode, '0');
  const picture = Buffer.from([0, 255, 10, 13, 128]);
  const { objectKey, returnCode } = await backend.call('uploadFileStream',
    { fileType: 'PNG', channel: 'WEB', fileStream: picture.toString('base64') });
  assert.equal(returnCode, '0');
  await backend.send('CHAT', { content: objectKey, mediaType: 'IMAGE' });
  const [welcome, shown] = await backend.poll();
  assert.equal(welcome.content, 'Welcome!');
  const { fileStream } = await backend.call('downloadFileStream',
    { fileType: shown.mediaFileType, channel: 'WEB', fileId: `local/${shown.content}` });
  assert.deepEqual(Buffer.from(fileStream, 'base64'), picture);
  await backend.send('TRANS2AGENT');
  assert.deepEqual(await backend.poll(), []);
  await box.clock({ advance: '1m' });
  assert.equal((await backend.poll())[0].sourceType, 'AGENT');
  await backend.send('CHAT', { content: 'bye' });
  assert.deepEqual((await backend.poll()).map((m) => m.controlType), ['CHAT', 'DISCONNECT']);
  const { messageList } = await backend.call('queryHistoryChatMessage',
    { channelId: channel, userId: customer, limit: '2', offset: '0', channel: 'WEB' });
  assert.deepEqual(messageList.map((m) => [m.sourceType, m.content]), [['AGENT', 'Goodbye.'], ['USER', 'bye']]);
  const { satisfactionSurvey } = await backend.call('getsatisfactionsurveymode', { language: 'en_US' });
  const level = satisfactionSurvey.satisfactionLevel.at(-1);
  assert.equal(level.satisfactionLevelDesc, 'very satisfied');
  assert.equal((await backend.call('saveSatisfaction', {
    channel: 'WEB', userId: customer, evaluation: level.satisfactionLevelKey, comment: 'fine', channelConfigId: channel,
  })).resultCode, '0');
  assert.equal((await backend.call('v1/createClickToCall', { channel: 'WEB', mediaAbility: '0' })).resultCode, '0');
});

test('messages are pushed to a server of the enterprise', async (t) => {
  let server;
  const pushed = new Promise((resolve, reject) => {
    server = createServer(async (request, response) => {
      try {
        const body = await json(request);
        response.end('{"resultCode":"0"}');
        resolve({ path: request.url, signed: request.headers.authorization, ...body });
      } catch (error) {
        reject(error);
      }
    }).listen(0, '127.0.0.1');
  });
  await once(server, 'listening');
  t.after(() => server.close());
  const box = await newBox(t, {
    fixtures: {
      chat: [{ on: 'CONNECT', say: 'Welcome!' }],
      push: { url: `http://127.0.0.1:${server.address().port}`, accessKey: 'shop', key: 'k'.repeat(43) },
    },
  });
  const backend = new Backend(box.fabric);
  await backend.signIn();
  await backend.send('CONNECT');
  const { path, signed, messages: [message] } = await pushed;
  assert.equal(path, '/webhooks/v1/messages');
  assert.match(signed, /^auth-v2\/shop\/\d+\/content-type;host\/[0-9a-f]{64}$/);
  assert.deepEqual([message.to, message.content], [customer, 'Welcome!']);
});

test('a message is left when nobody is there', async (t) => {
  const box = await newBox(t, { fixtures: { chat: [{ on: 'CONNECT', do: 'refuse' }] } });
  const backend = new Backend(box.fabric);
  await backend.signIn();
  assert.equal((await backend.send('CONNECT')).resultCode, '12');
  assert.equal((await backend.call('doLeaveMessage',
    { callId: customer, caller: '13800000000', leaveMessage: 'Please call me.', channel: 'WEB' })).resultCode, '0');
});
