// SDKs that call the real hosts over HTTPS and hold the certificate to their names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import OpenApiClient from '@alicloud/openapi-client';
import OpenApiCore from '@alicloud/openapi-core';
import popCore from '@alicloud/pop-core';
import TopSdk from 'topsdk';
import { applyToken, createAccessWarrant, getAuthCode } from './acs.js';
import { caller, defined, modes } from './darabonba.js';
import { newBox, secure } from './sandbox.js';
import { checkCredentials, method as topMethod, parameters } from './top.js';

const address = await secure();
const skip = address ? false : 'the server was started without --tls-addr';

// Stands in for a hosts file: every connection is one to the server, whatever name the client looks for.
const { connect } = tls;
tls.connect = ({ host: _, port: __, ...options }, ...rest) =>
  connect({ ...options, host: '127.0.0.1', port: Number(address.split(':').at(-1)) }, ...rest);

/** What came is one good call to that host. */
async function came(box, host) {
  const [{ outcome, request }, ...others] = await box.journal();
  assert.equal(outcome, 'ok');
  assert.ok(request.url.startsWith(`https://${host}/`), request.url);
  assert.deepEqual(others, []);
}

const hosts = {
  'onsmqtt.cn-hangzhou.aliyuncs.com': applyToken,
  'appstream-center.cn-shanghai.aliyuncs.com': getAuthCode,
  'aicontent.aliyuncs.com': createAccessWarrant,
};

const generations = {
  'openapi-client': OpenApiClient,
  'openapi-core': { ...OpenApiCore.$OpenApiUtil, default: OpenApiCore.default },
};

for (const [generation, { default: Client, ...classes }] of Object.entries(generations)) {
  for (const [mode, algorithm] of Object.entries(modes)) {
    for (const [host, operation] of Object.entries(hosts)) {
      test(`${generation} ${mode} at ${host}`, { skip }, async (t) => {
        const box = await newBox(t);
        const call = caller({ Client, ...classes }, algorithm, { endpoint: host, protocol: 'https' });
        await call(box.keys.plain, operation());
        await came(box, host);
      });
    }
  }
}

test('pop-core at onsmqtt.cn-hangzhou.aliyuncs.com', { skip }, async (t) => {
  const box = await newBox(t);
  const host = 'onsmqtt.cn-hangzhou.aliyuncs.com';
  const { version, action, query, method } = applyToken();
  await new popCore.RPCClient({ endpoint: `https://${host}`, apiVersion: version, ...box.keys.plain })
    .request(action, defined(query), { method });
  await came(box, host);
});

test('topsdk at its own endpoint, eco.taobao.com', { skip }, async (t) => {
  const box = await newBox(t);
  checkCredentials(await new TopSdk(box.top.appKey, box.top.appSecret).execute(topMethod, parameters()));
  await came(box, 'eco.taobao.com');
});
