// What every SDK of the gateway acs must be able to do, and every error that it must show as its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newBox } from './sandbox.js';

const instance = 'post-cn-0pp12gl0001';

const onsmqtt = (action, query) => ({
  version: '2020-04-20', action, method: 'POST', path: '/', query: { InstanceId: instance, ...query },
});

export const applyToken = (change) => onsmqtt('ApplyToken', {
  Actions: 'R,W', Resources: 'TopicA/+,TopicB/#', ExpireTime: String(Date.now() + 3_600_000), ...change,
});

const policy = { Version: '1', Resource: { Type: 'AppInstanceGroup', Id: 'aig-9ciijz60n4xsv' } };

export const getAuthCode = (change) => ({
  version: '2021-02-18', action: 'GetAuthCode', method: 'POST', path: '/',
  form: { EndUserId: 'alice', AutoCreateUser: 'false', Policy: JSON.stringify(policy), ...change },
});

export const createAccessWarrant = () => ({
  version: '20240611', action: 'CreateAccessWarrant', method: 'POST',
  path: '/api/v1/aliyunConsole/createAccessWarrant',
  body: {
    appId: 'a123', timestamp: String(Math.floor(Date.now() / 1000)), userId: 'sn123', userClientIp: '110.25.23.12',
    requestSign: 'e32fac43df0b0b0be32fac43df0b0b0b', warrantAvailable: 7200,
  },
});

/** The vendor's name for the two ways to address an operation. */
export const styleOf = (operation) => (operation.path === '/' ? 'RPC' : 'ROA');

const requestId = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

/** Sends with one credential; where the SDK shows headers, the id in the body must be the one in the headers. */
function callerOf(client, key) {
  return async (operation) => {
    const { body, headers } = await client.call(key, operation);
    const id = body.RequestId ?? body.requestId;
    assert.match(id, requestId);
    if (headers) {
      assert.equal(id, headers['x-acs-request-id']);
    }
    return body;
  };
}

const calls = {
  'token life': async (call) => {
    const { Token } = await call(applyToken());
    assert.ok(Token);
    const query = () => call(onsmqtt('QueryToken', { Token }));
    assert.equal((await query()).TokenStatus, true);
    await call(onsmqtt('RevokeToken', { Token }));
    assert.equal((await query()).TokenStatus, false);
  },
  'auth code': async (call) => {
    const { AuthModel } = await call(getAuthCode());
    assert.ok(AuthModel.AuthCode);
    assert.equal(AuthModel.EndUserId, 'alice');
    // A code lives three minutes (vendor page GetAuthCode, Response elements).
    const left = new Date(AuthModel.ExpireTime) - Date.now();
    assert.ok(left > 120_000 && left <= 181_000, `the code lives ${left} ms`);
  },
  warrant: async (call) => {
    const { success, httpStatusCode, data } = await call(createAccessWarrant());
    assert.deepEqual([success, httpStatusCode], [true, 200]);
    assert.deepEqual([data.ApplicationAccessId, data.UserId], ['a123', 'sn123']);
    assert.ok(data.AccessToken && data.AccessWarrantId);
    assert.equal(data.ExpireTime - data.CreateTime, 7200);
  },
};

const wrongSecret = (key) => ({ ...key, accessKeySecret: `${key.accessKeySecret}x` });
const unknownKey = (key) => ({ ...key, accessKeyId: `${key.accessKeyId}x` });
const refused = (code, status, message) => ({ code, status, message });
const mismatch = refused('SignatureDoesNotMatch', 400, 'Specified signature ');
const unknown = refused('InvalidAccessKeyId.NotFound', 404, 'Specified access key is not found.');

/** A documented error that a scenario sets off. */
const played = (code, status, message) => ({
  name: `played ${code}`, operation: applyToken,
  prepare: (box) => box.play(`error/onsmqtt.ApplyToken/${code}`), want: refused(code, status, message),
});

const refusals = [
  { name: 'wrong secret, query', operation: applyToken, key: wrongSecret, want: mismatch },
  { name: 'wrong secret, form', operation: getAuthCode, key: wrongSecret, want: mismatch },
  { name: 'wrong secret, JSON body', operation: createAccessWarrant, key: wrongSecret, want: mismatch },
  { name: 'unknown key, RPC', operation: applyToken, key: unknownKey, want: unknown },
  { name: 'unknown key, ROA', operation: createAccessWarrant, key: unknownKey, want: unknown },
  {
    name: 'no security token', operation: applyToken, from: 'sts', key: (key) => ({ ...key, securityToken: '' }),
    want: refused('MissingSecurityToken', 400, 'SecurityToken is mandatory for this action.'),
  },
  {
    name: 'damaged security token', operation: applyToken, from: 'sts',
    key: (key) => ({ ...key, securityToken: `${key.securityToken}x` }),
    want: refused('InvalidSecurityToken.Malformed', 400, 'Specified SecurityToken is malformed.'),
  },
  {
    name: 'security token of another key', operation: applyToken,
    key: (key, { sts }) => ({ ...key, securityToken: sts.securityToken }),
    want: refused('InvalidSecurityToken.MismatchWithAccessKey', 400,
      'Specified SecurityToken mismatch with the AccessKey.'),
  },
  {
    // The window is 15 minutes (vendor's gateway error table, InvalidTimeStamp.Expired).
    name: 'clock ahead', operation: applyToken, settings: { signatureTime: 'clock' },
    prepare: (box) => box.clock({ advance: '16m' }),
    want: refused('InvalidTimeStamp.Expired', 400, 'Specified time stamp or date value is expired.'),
  },
  {
    name: 'no Actions', operation: () => applyToken({ Actions: undefined }),
    want: refused('MissingActions', 400, 'Actions is mandatory for this action.'),
  },
  {
    name: 'ExpireTime in the past', operation: () => applyToken({ ExpireTime: '1578399620000' }),
    want: refused('ParameterCheckFailed', 400, 'An error occurred while validating the parameters. '),
  },
  {
    // GET is what pop-core does unless told otherwise; ApplyToken takes POST alone.
    name: 'ApplyToken by GET', operation: () => ({ ...applyToken(), method: 'GET' }),
    want: refused('UnsupportedHTTPMethod', 403, 'This http method not supported.'),
  },
  {
    name: 'Policy that is not JSON', operation: () => getAuthCode({ Policy: '{"Version":' }),
    want: refused('InvalidPolicy', 400, ''),
  },
  played('ApiNotSupport', 404, 'The specified API is not supported.'),
  played('ApplyTokenOverFlow', 400, 'You have applied for tokens too many times. Please try again later.'),
  played('SystemOverFlow', 500, 'An error occurred while processing your request. Please try again.'),
];

/** The call must end in the SDK's own error that says what is wanted. */
const assertRefused = (client, call, want) => assert.rejects(call, (error) => {
  const got = client.refusal(error);
  assert.deepEqual({ code: got.code, status: got.status }, { code: want.code, status: want.status });
  assert.ok(got.message.startsWith(want.message), got.message);
  assert.match(got.requestId, requestId);
  return true;
});

async function checkRefused(t, client, { operation, settings, prepare, from = 'plain', key = (same) => same, want }) {
  const box = await newBox(t, settings);
  await prepare?.(box);
  const given = box.keys[from];
  const used = key(given, box.keys);
  await assertRefused(client, client.call(used, operation()), want);
  if (used.accessKeyId === given.accessKeyId) {
    const outcomes = (await box.journal()).map(({ outcome, status }) => ({ outcome, status }));
    assert.deepEqual(outcomes, [{ outcome: want.code, status: want.status }]);
  }
}

/**
 * Holds one SDK, in one of its modes, to the table.
 * @param {object} client
 * @param {string} client.name
 * @param {string[]} client.keys the kinds of credential that it knows: plain, sts, bearer
 * @param {string[]} [client.styles] the styles of operations that it calls, RPC and ROA unless given
 * @param {Function} client.call (key, operation) => {body, headers?}, rejects with the SDK's own error
 * @param {Function} client.refusal (error) => {code, status, message, requestId}; throws if it is no typed error
 */
export function acsSuite(client) {
  const takes = (operation) => (client.styles ?? ['RPC', 'ROA']).includes(styleOf(operation));
  const takesWarrants = takes(createAccessWarrant());
  for (const kind of client.keys) {
    for (const [name, check] of Object.entries(calls).filter(([name]) => name !== 'warrant' || takesWarrants)) {
      test(`${client.name}, ${kind}: ${name}`, async (t) => {
        const box = await newBox(t);
        await check(callerOf(client, box.keys[kind]));
        assert.ok((await box.journal()).every(({ outcome }) => outcome === 'ok'));
      });
    }
  }
  for (const refusal of refusals.filter(({ operation }) => takes(operation()))) {
    test(`${client.name}: ${refusal.name}`, (t) => checkRefused(t, client, refusal));
  }
  test(`${client.name}: flow control`, async (t) => {
    const box = await newBox(t, { quotas: { 'onsmqtt.ApplyToken': '1/d' } });
    await client.call(box.keys.plain, applyToken());
    await assertRefused(client, client.call(box.keys.plain, applyToken()), refused('ApplyTokenOverFlow', 400,
      'You have applied for tokens too many times. Please try again later.'));
  });
  if (!takesWarrants) {
    return;
  }
  // A business failure of CreateAccessWarrant comes with status 200, and no SDK raises it.
  test(`${client.name}: warrant refused`, async (t) => {
    const box = await newBox(t, { fixtures: { warrants: [{ appId: 'another' }] } });
    const { success, errCode } = await callerOf(client, box.keys.plain)(createAccessWarrant());
    assert.deepEqual([success, errCode], [false, 'INVALID_APP_ID']);
  });
}
