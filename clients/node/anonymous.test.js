// Calls without a key, from the code that a server asks for to the ticket that opens an application.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenApi from '@alicloud/openapi-client';
import OpenApiCore from '@alicloud/openapi-core';
import { getAuthCode } from './acs.js';
import { caller, modes } from './darabonba.js';
import { newBox } from './sandbox.js';

const { default: Client, Config, Params, OpenApiRequest } = OpenApi;
/** The SDKs by name, as classes for caller. */
const sdks = {
  'openapi-client': { Client, Config, Params, OpenApiRequest },
  'openapi-core': { Client: OpenApiCore.default, ...OpenApiCore.$OpenApiUtil },
};

/** An operation that the vendor's product clients for 2021-02-20 and 2021-09-03 send without a key. */
const anonymous = (version, action, form) => ({ version, action, method: 'POST', path: '/', form, anonymous: true });

const redeem = (AuthCode) => anonymous('2021-02-20', 'GetStsToken', { AuthCode, ClientOS: 'linux' });

for (const [sdk, classes] of Object.entries(sdks)) {
  for (const [mode, algorithm] of Object.entries(modes)) {
    const call = caller(classes, algorithm);
    const codeOf = async (key) => (await call(key, getAuthCode({ Policy: undefined }))).body.AuthModel.AuthCode;
    for (const [name, keyFor] of Object.entries({ 'no key': () => ({}), 'key in the configuration': (box) => box.keys.plain })) {
      test(`${sdk} ${mode}, ${name}: from the code to the ticket`, async (t) => {
        const box = await newBox(t);
        const key = keyFor(box);
        const { StsTokenModel } = (await call(key, redeem(await codeOf(box.keys.plain)))).body;
        assert.deepEqual(Object.keys(StsTokenModel).sort(), ['SessionId', 'StsToken', 'TenantId']);
        const form = {
          ProductType: 'CloudApp', AppId: 'ca-1', LoginToken: StsTokenModel.StsToken, SessionId: StsTokenModel.SessionId,
        };
        const begun = (await call(key, anonymous('2021-09-03', 'GetConnectionTicket', form))).body;
        assert.equal(begun.TaskStatus, 'Running');
        await box.clock({ advance: '5m' });
        const { body } = await call(key, anonymous('2021-09-03', 'GetConnectionTicket', { ...form, TaskId: begun.TaskId }));
        assert.equal(body.TaskStatus, 'Finished');
        assert.ok(body.Ticket);
        assert.ok((await box.journal()).every(({ outcome }) => outcome === 'ok'));
      });
    }
    test(`${sdk} ${mode}: a code is good once`, async (t) => {
      const box = await newBox(t);
      const code = await codeOf(box.keys.plain);
      await call({}, redeem(code));
      await assert.rejects(call({}, redeem(code)), (error) => {
        assert.match(error.code, /InvalidAuthCode\.Used$/);
        assert.equal(error.statusCode, 400);
        return true;
      });
      const [, , last] = await box.journal();
      assert.match(last.findings[0].message, /was used up at .* by GetStsToken, call 2/);
    });
  }
}
