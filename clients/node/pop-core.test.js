// @alicloud/pop-core: signature version 1.0, and no bearer tokens
import assert from 'node:assert/strict';
import { test } from 'node:test';
import popCore from '@alicloud/pop-core';
import { acsSuite, applyToken, styleOf } from './acs.js';
import { defined } from './darabonba.js';
import { data, newBox } from './sandbox.js';

const { RPCClient, ROAClient } = popCore;
const config = (key, { version }) => ({ endpoint: `http://${data}`, apiVersion: version, ...key });

async function callRPC(key, operation) {
  const client = new RPCClient(config(key, operation), true);
  const parameters = defined({ ...operation.query, ...operation.form });
  const [body, { response }] = await client.request(operation.action, parameters, { method: operation.method });
  return { body, headers: response.headers };
}

async function callROA(key, operation) {
  const body = await new ROAClient(config(key, operation))
    .request(operation.method, operation.path, {}, JSON.stringify(operation.body), {
      'content-type': 'application/json',
    });
  return { body };
}

/** The two clients of this SDK keep what the server said in different fields. */
function refusal(error) {
  const said = error.data ?? error.result;
  assert.equal(error.name, `${said?.Code}Error`, error.stack);
  assert.ok(error.message.includes(said.Message), error.message);
  return {
    code: error.code, status: error.statusCode ?? error.entry.response.statusCode,
    message: said.Message, requestId: said.RequestId,
  };
}

acsSuite({
  name: 'pop-core',
  keys: ['plain', 'sts'],
  call: (key, operation) => (styleOf(operation) === 'RPC' ? callRPC : callROA)(key, operation),
  refusal,
});

test('pop-core: no method given', async (t) => {
  const { keys } = await newBox(t);
  const { version, action, query } = applyToken();
  await assert.rejects(new RPCClient(config(keys.plain, { version })).request(action, query), {
    name: 'UnsupportedHTTPMethodError', code: 'UnsupportedHTTPMethod',
  });
});
