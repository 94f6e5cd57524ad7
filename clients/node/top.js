// What every SDK of the gateway top must be able to do, and every error that it must show as its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newBox } from './sandbox.js';

export const method = 'alibaba.security.deepvision.proxy.security.common.token.get';

/** The members of the one parameter, "param"; it travels as a JSON text. */
export const param = {
  product_code: 'vision', scene_code: 'inspection', usage_scene: 'upload',
  op_poi_id: 'poi-1', op_tenant_code: 'tenant-1',
};

export const parameters = () => ({ param: JSON.stringify(param) });

/** Checks a success as far as all SDKs show it: the value under the wrapper. */
export function checkCredentials({ result, resp_success: success, request_id: requestId }) {
  assert.equal(success, true);
  assert.match(requestId, /^[0-9a-z]{11,13}$/);
  assert.ok(result.access_key_id.startsWith('STS.') && result.access_key_secret && result.token);
  assert.ok(new Date(result.expiration) > Date.now(), result.expiration);
  const asked = [result.product_code, result.scene_code, result.tenant_code, result.field_id];
  assert.deepEqual(asked, ['vision', 'inspection', 'tenant-1', 'poi-1']);
}

const refusals = [
  {
    name: 'wrong secret', app: (app) => ({ ...app, appSecret: `${app.appSecret}x` }),
    want: { code: 25, msg: 'Invalid signature' },
  },
  {
    name: 'unknown app key', app: (app) => ({ ...app, appKey: `${app.appKey}9` }),
    want: { code: 29, msg: 'Invalid app Key', sub_code: 'isv.appkey-not-exists' },
  },
  {
    // The tolerance is ten minutes (vendor page, public parameters).
    name: 'clock ahead', settings: { signatureTime: 'clock' }, prepare: (box) => box.clock({ advance: '11m' }),
    want: { code: 31, msg: 'Invalid timestamp' },
  },
  {
    name: 'no op_poi_id', parameters: () => ({ param: JSON.stringify({ ...param, op_poi_id: undefined }) }),
    want: { code: 50, msg: 'Remote service error', sub_code: 'isv.missing-parameter' },
  },
  {
    name: 'param that is not JSON', parameters: () => ({ param: "{'product_code': '1'}" }),
    want: { code: 50, msg: 'Remote service error', sub_code: 'isv.invalid-parameter' },
  },
  { name: 'unknown method', method: `${method}.all`, want: { code: 22, msg: 'Invalid method' } },
];

async function checkRefused(t, client, { app = (same) => same, settings, prepare, want, ...given }) {
  const box = await newBox(t, settings);
  await prepare?.(box);
  const used = app(box.top);
  const call = client.call(used, given.method ?? method, (given.parameters ?? parameters)());
  await assert.rejects(call, (error) => {
    const { code, msg, sub_code, request_id: requestId } = client.refusal(error);
    assert.deepEqual({ code, msg, sub_code }, { sub_code: undefined, ...want });
    assert.match(requestId, /^[0-9a-z]{11,13}$/);
    return true;
  });
  if (used.appKey === box.top.appKey) {
    const outcomes = (await box.journal()).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, [want.sub_code ?? String(want.code)]);
  }
}

/**
 * Holds one SDK to the table. The SDKs share state between calls, so the tests of a file run one after another.
 * @param {object} client
 * @param {string} client.name
 * @param {Function} client.call (app, method, parameters) => the value under the wrapper; rejects with the SDK's error
 * @param {Function} client.refusal (error) => the members of error_response; throws if it is no typed error
 */
export function topSuite(client) {
  test(`${client.name}: credentials`, async (t) => {
    const box = await newBox(t);
    const reply = await client.call(box.top, method, parameters());
    checkCredentials(reply);
    const [statement] = reply.result.policy.statement.datas;
    assert.ok(statement.effect && statement.action.string.length && statement.resource.string.length);
    assert.deepEqual((await box.journal()).map(({ outcome }) => outcome), ['ok']);
  });
  for (const refusal of refusals) {
    test(`${client.name}: ${refusal.name}`, (t) => checkRefused(t, client, refusal));
  }
}
