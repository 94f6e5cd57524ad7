// Credentials that the gateway top issues sign calls of the gateway acs until they expire.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import OpenApi from '@alicloud/openapi-client';
import popCore from '@alicloud/pop-core';
import taobao from 'taobao-sdk';
import { applyToken } from './acs.js';
import { caller as darabonba } from './darabonba.js';
import { caller as official } from './official.js';
import { method, parameters } from './top.js';
import { data, newBox } from './sandbox.js';

const { default: Client, Config, Params, OpenApiRequest } = OpenApi;

/** Ways to send ApplyToken, each resolving to the token. */
const signers = {
  'openapi-client V3': async (key) => {
    const { body } = await darabonba({ Client, Config, Params, OpenApiRequest })(key, applyToken());
    return body.Token;
  },
  'pop-core': async (key) => {
    const { version, action, query } = applyToken();
    const client = new popCore.RPCClient({ endpoint: `http://${data}`, apiVersion: version, ...key });
    return (await client.request(action, query, { method: 'POST' })).Token;
  },
};

/** Sets the sandbox clock, and with it the time that the SDKs of this process sign with. */
async function setTime(box, now) {
  mock.timers.setTime(now);
  await box.clock({ now: new Date(now).toISOString() });
}

for (const [name, sign] of Object.entries(signers)) {
  test(`${name} signs with issued credentials`, async (t) => {
    const box = await newBox(t);
    const { result } = await official(taobao)(box.top, method, parameters());
    const key = {
      accessKeyId: result.access_key_id, accessKeySecret: result.access_key_secret, securityToken: result.token,
    };
    const end = Date.parse(result.expiration);
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.after(() => mock.timers.reset());

    assert.ok(await sign(key));
    await setTime(box, end - 1000);
    assert.ok(await sign(key));
    await setTime(box, end + 1000);
    await assert.rejects(sign(key), { code: 'InvalidSecurityToken.Expired' });

    const outcomes = (await box.journal()).map(({ operation, outcome }) => `${operation} ${outcome}`);
    assert.deepEqual(outcomes, [
      'deepvision.SecurityTokenGet ok',
      'onsmqtt.ApplyToken ok', 'onsmqtt.ApplyToken ok', 'onsmqtt.ApplyToken InvalidSecurityToken.Expired',
    ]);
  });
}
