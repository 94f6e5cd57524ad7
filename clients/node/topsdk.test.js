import assert from 'node:assert/strict';
import { test } from 'node:test';
import TopClient from 'topsdk';
import { checkCredentials, method, param, parameters, topSuite } from './top.js';
import { data, newBox } from './sandbox.js';

function call({ appKey, appSecret }, name, given, type) {
  return new TopClient(appKey, appSecret, `http://${data}/router/rest`).execute(name, given, type);
}

function refusal(error) {
  assert.equal(error.name, 'TOPClientError', error.stack);
  const said = JSON.parse(error.data).error_response;
  assert.deepEqual([error.code, error.sub_code], [said.code, said.sub_code]);
  return said;
}

topSuite({ name: 'topsdk', call, refusal });

// It sends the parameters of a GET in the body, and those of an upload as multipart.
for (const type of ['get', 'file_upload']) {
  test(`topsdk: ${type}`, async (t) => {
    const { top } = await newBox(t);
    checkCredentials(await call(top, method, parameters(), type));
  });
}

// The SDK signs an object as "[object Object]" and sends it as JSON: its own mistake, which a strict server refuses.
test('topsdk: param as an object', async (t) => {
  const { top } = await newBox(t);
  await assert.rejects(call(top, method, { param }), (error) => refusal(error).code === 25);
});
