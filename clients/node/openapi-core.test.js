// @alicloud/openapi-core, which sends bodies chunked
import assert from 'node:assert/strict';
import OpenApi from '@alicloud/openapi-core';
import { acsSuite } from './acs.js';
import { caller, modes, unwrap } from './darabonba.js';

const { default: Client, $OpenApiUtil, ClientError, ServerError } = OpenApi;
const { Config, Params, OpenApiRequest } = $OpenApiUtil;

for (const [name, algorithm] of Object.entries(modes)) {
  acsSuite({
    name: `openapi-core ${name}`,
    keys: ['plain', 'sts', 'bearer'],
    call: caller({ Client, Config, Params, OpenApiRequest }, algorithm),
    refusal: (error) => {
      const { code, statusCode: status, requestId } = error;
      assert.ok(error instanceof (status >= 500 ? ServerError : ClientError), error.stack);
      assert.equal(requestId, error.data.RequestId);
      return { code, status, ...unwrap(error, status) };
    },
  });
}
