// The official TOP client is published under two names with the same code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCredentials, method, parameters, topSuite } from './top.js';
import { data, newBox } from './sandbox.js';

/** Turns the SDK's callback into a promise; verb is "execute" or "get". */
export function caller({ ApiClient }, verb = 'execute') {
  return ({ appKey, appSecret }, name, given) => new Promise((resolve, reject) => {
    const client = new ApiClient({ appkey: appKey, appsecret: appSecret, url: `http://${data}/router/rest` });
    client[verb](name, given, (error, reply) => (error ? reject(error) : resolve(reply)));
  });
}

/** Runs the table and this SDK's own ways. */
export function officialSuite(name, sdk) {
  topSuite({
    name,
    call: caller(sdk),
    refusal: (error) => {
      // A reply that it could not read would be its own error, NetWork-Error.
      assert.ok(!(error instanceof Error), error.stack);
      return error;
    },
  });

  test(`${name}: simplify`, async (t) => {
    const { top } = await newBox(t);
    const reply = await caller(sdk)(top, method, { ...parameters(), simplify: 'true' });
    checkCredentials(reply);
    assert.ok(Array.isArray(reply.result.policy.statement[0].action));
  });

  // Its method "get" sends no parameters at all, so the answer is an error in the default format, XML, which it
  // hands back unread.
  test(`${name}: get sends nothing`, async (t) => {
    const { top } = await newBox(t);
    const reply = await caller(sdk, 'get')(top, method, parameters());
    assert.match(reply, /<error_response>.*<code>21<\/code>.*Missing method/s);
  });
}
