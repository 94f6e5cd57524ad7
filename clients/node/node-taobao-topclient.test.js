import assert from 'node:assert/strict';
import { test } from 'node:test';
import TopClient from 'node-taobao-topclient';
import { checkCredentials, method, param, parameters, topSuite } from './top.js';
import { data, newBox } from './sandbox.js';

function call({ appKey, appSecret }, name, given, verb) {
  const client = new TopClient.default({
    appkey: appKey, appsecret: appSecret, REST_URL: `http://${data}/router/rest`,
  });
  return client.execute(name, given, verb);
}

topSuite({
  name: 'node-taobao-topclient',
  call,
  refusal: (error) => {
    assert.equal(error?.name, 'TOPClientError', error?.stack);
    const said = error.data.error_response;
    assert.deepEqual([error.code, error.sub_code], [said.code, said.sub_code]);
    return said;
  },
});

test('node-taobao-topclient: GET', async (t) => {
  const { top } = await newBox(t);
  checkCredentials(await call(top, method, parameters(), 'GET'));
});

test('node-taobao-topclient: param as an object', async (t) => {
  const { top } = await newBox(t);
  checkCredentials(await call(top, method, { param }));
});
