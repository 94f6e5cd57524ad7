// @alicloud/rpc-client: RPC calls alone, signature version 1.0, and no bearer tokens
import assert from 'node:assert/strict';
import rpcClient from '@alicloud/rpc-client';
import { acsSuite } from './acs.js';
import { defined } from './darabonba.js';
import { data } from './sandbox.js';

const { default: Client, Config } = rpcClient;

async function call(key, { action, version, method, query, form }) {
  const client = new Client(new Config({ endpoint: data, protocol: 'http', ...key }));
  const body = await client.doRequest(action, 'HTTP', method, version, 'AK', defined(query), form && defined(form), {});
  return { body };
}

/** This SDK adds "Error" to the code, and writes what the server said into one sentence. */
function refusal(error) {
  const said = error.data;
  assert.equal(error.code, `${said?.Code}Error`, error.stack);
  const [, status] = /^[\w.]+: code: (\d+), /.exec(error.message) ?? [];
  assert.ok(error.message.endsWith(`code: ${status}, ${said.Message} requestid: ${said.RequestId}`), error.message);
  return { code: said.Code, status: Number(status), message: said.Message, requestId: said.RequestId };
}

acsSuite({ name: 'rpc-client', keys: ['plain', 'sts'], styles: ['RPC'], call, refusal });
