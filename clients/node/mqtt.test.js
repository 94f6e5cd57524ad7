// mqtt (MQTT.js): logins, refusal codes, rights, WebSocket, and the storm that a forbidden topic makes of it
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import mqtt from 'mqtt';
import { broker, newBox } from './sandbox.js';

const instance = 'post-cn-node';
const clientId = 'GID_node@@@device-1';

/** A client of the sandbox, by signature or with the given password of a token login. */
function client(t, url, { keys }, password, more) {
  const { accessKeyId, accessKeySecret } = keys.plain;
  const mode = password === undefined ? 'Signature' : 'Token';
  const made = mqtt.connect(url, {
    clientId, username: `${mode}|${accessKeyId}|${instance}`,
    password: password ?? createHmac('sha1', accessKeySecret).update(clientId).digest('base64'),
    reconnectPeriod: 0, ...more,
  });
  made.on('error', () => {});
  t.after(() => made.endAsync(true));
  return made;
}

for (const [name, protocol] of [['mqtt', 'TCP'], ['mqttWs', 'WebSocket']]) {
  test(`mqtt: a message over ${protocol}`, async (t) => {
    const { [name]: url } = await broker();
    const made = client(t, url, await newBox(t));
    await once(made, 'connect');
    await made.subscribeAsync('TopicA/+', { qos: 1 });
    const came = once(made, 'message');
    await made.publishAsync('TopicA/1', 'hello', { qos: 2 });
    const [topic, payload] = await came;
    assert.deepEqual([topic, payload.toString()], ['TopicA/1', 'hello']);
  });
}

for (const [version, code] of [[4, 4], [5, 134]]) {
  test(`mqtt: CONNACK ${code} for a forged token in version ${version}`, async (t) => {
    const { mqtt: url } = await broker();
    const made = client(t, url, await newBox(t), 'R|bm9uZQ==', { protocolVersion: version });
    const [error] = await once(made, 'error');
    assert.equal(error.code, code);
  });
}

test('mqtt: a forbidden subscription makes it come back into the same cut, again and again', async (t) => {
  const { mqtt: url } = await broker();
  const box = await newBox(t);
  const made = client(t, url, box, `R|${await box.applyToken(instance, 'R', 'TopicA/#')}`, { reconnectPeriod: 20 });
  const notices = [];
  let cuts = 0;
  made.on('message', (topic, payload) => notices.push(`${topic} ${payload}`));
  made.on('connect', () => made.subscribe('TopicB', { qos: 1 }, () => {}));
  await new Promise((resolve) => { made.on('close', () => { if (++cuts === 5) resolve(); }); });
  await made.endAsync(true);
  const refused = (await box.journal()).filter((e) => e.operation === 'mqtt.SUBSCRIBE' && e.outcome === '4');
  assert.ok(refused.length >= 5, `${refused.length} refused`);
  assert.ok(notices.length >= 5 && notices.every((n) => n === '$SYS/tokenInvalidNotice {"code":4,"type":"R"}'), notices.join());
});

test('mqtt: it uploads a token at QoS 0, its default', async (t) => {
  const { mqtt: url } = await broker();
  const box = await newBox(t);
  const made = client(t, url, box, undefined, { username: undefined, password: undefined });
  await once(made, 'connect');
  const token = await box.applyToken(instance, 'R,W', 'TopicA/#');
  await made.publishAsync('$SYS/uploadToken', JSON.stringify({ token, type: 'RW' }));
  await made.subscribeAsync('TopicA/1');
  const came = once(made, 'message');
  await made.publishAsync('TopicA/1', 'hello');
  assert.equal((await came)[1].toString(), 'hello');
});
