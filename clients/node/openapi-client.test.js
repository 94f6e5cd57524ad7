// @alicloud/openapi-client
import assert from 'node:assert/strict';
import OpenApi from '@alicloud/openapi-client';
import { acsSuite } from './acs.js';
import { caller, modes, unwrap } from './darabonba.js';

const { default: Client, Config, Params, OpenApiRequest } = OpenApi;

for (const [name, algorithm] of Object.entries(modes)) {
  acsSuite({
    name: `openapi-client ${name}`,
    keys: ['plain', 'sts', 'bearer'],
    call: caller({ Client, Config, Params, OpenApiRequest }, algorithm),
    refusal: (error) => {
      // Its ResponseError is a plain Error at run time; only one made from a reply has data.
      assert.equal(error.code, error.data?.Code, error.stack);
      return { code: error.code, status: error.statusCode, ...unwrap(error, error.statusCode) };
    },
  });
}
