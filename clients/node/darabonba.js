// The two current generations of the vendor's generic Node client have the same calls under different names.
import assert from 'node:assert/strict';
import { styleOf } from './acs.js';
import { data } from './sandbox.js';

/** The signature modes: the value of signatureAlgorithm by name. Option "v2" is signature version 1.0 on the wire. */
export const modes = { V3: undefined, 'V3 SM3': 'ACS3-HMAC-SM3', v1: 'v2' };

/** Returns a call for acsSuite over the classes of an SDK. */
export function caller({ Client, Config, Params, OpenApiRequest }, signatureAlgorithm, target) {
  return ({ accessKeyId, accessKeySecret, securityToken, bearerToken }, operation) => {
    const client = new Client(new Config({
      endpoint: data, protocol: 'http', ...target, signatureAlgorithm,
      accessKeyId, accessKeySecret, securityToken, bearerToken,
    }));
    const params = new Params({
      action: operation.action, version: operation.version, protocol: 'HTTPS', pathname: operation.path,
      method: operation.method, authType: operation.anonymous ? 'Anonymous' : 'AK', style: styleOf(operation),
      reqBodyType: operation.body ? 'json' : 'formData', bodyType: 'json',
    });
    const request = new OpenApiRequest({ query: defined(operation.query), body: operation.body ?? operation.form });
    return client.callApi(params, request, {});
  };
}

/** Leaves out what is undefined, as the vendor's product clients do. */
export function defined(query = {}) {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

/** Takes the server's message out of the remarks that the SDK puts around it. */
export function unwrap({ message, data: { Message, RequestId } }, status) {
  assert.ok(message.endsWith(`code: ${status}, ${Message} request id: ${RequestId}`), message);
  return { message: Message, requestId: RequestId };
}
