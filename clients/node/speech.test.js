// The vendor's client for scoring is a download of its own; this one speaks as public clients do, over ws.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import POPCore from '@alicloud/pop-core';
import WebSocket from 'ws';
import { data, newBox } from './sandbox.js';

const [applicationId, userId] = ['a123', 'sn123'];

async function warrantOf({ accessKeyId, accessKeySecret }) {
  const client = new POPCore.ROAClient({ accessKeyId, accessKeySecret, endpoint: `http://${data}`, apiVersion: '20240611' });
  const { data: created } = await client.post('/api/v1/aliyunConsole/createAccessWarrant', {},
    JSON.stringify({ appId: applicationId, userId }), { 'content-type': 'application/json' });
  return created.AccessWarrantId;
}

/** Evaluates a sentence and resolves to the last frame. */
async function evaluate(warrantId, user) {
  const socket = new WebSocket(`ws://${data}/en.sent.score?connect_id=5f0c1a2b3c4d5e6f70819203`);
  await once(socket, 'open');
  const app = { applicationId, userId: user, warrantId, timestamp: '1772352000', connect_id: 'c1' };
  const frames = [];
  const ended = new Promise((resolve) => {
    socket.on('message', (raw) => {
      frames.push(JSON.parse(raw));
      if (frames.at(-1).eof === 1) {
        resolve();
      }
    });
    socket.on('close', resolve);
  });
  socket.send(JSON.stringify({ cmd: 'connect', param: { app, sdk: { source: 7, protocol: 1 } } }));
  socket.send(JSON.stringify({
    cmd: 'start',
    param: {
      app,
      audio: { audioType: 'wav', sampleRate: 16000, channel: 1, sampleBytes: 2 },
      request: { coreType: 'en.sent.score', refText: 'How are you?', rank: 100 },
    },
  }));
  socket.send(Buffer.alloc(1280));
  socket.send(JSON.stringify({ cmd: 'stop' }));
  await ended;
  socket.close();
  return frames.at(-1);
}

test('a warrant opens an evaluation until it ends, for its user alone', async (t) => {
  const box = await newBox(t, { frozen: true, fixtures: { scores: [{ refText: 'How*', overall: 91 }] } });
  const warrant = await warrantOf(box.keys.plain);
  const { result } = await evaluate(warrant, userId);
  assert.equal(result.overall, 91);
  assert.deepEqual(result.details.map((word) => word.char), ['How', 'are', 'you?']);
  assert.equal((await evaluate(warrant, 'somebody')).errId, 41003);
  await box.clock({ advance: '2h' });
  assert.equal((await evaluate(warrant, userId)).errId, 41002);
  const outcomes = (await box.journal()).map((entry) => entry.outcome);
  assert.ok(outcomes.includes('WarrantOfAnotherUser') && outcomes.includes('WarrantExpired'));
});
