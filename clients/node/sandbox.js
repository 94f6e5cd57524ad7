// Sandboxes of the server under test, through its control API.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import POPCore from '@alicloud/pop-core';

/** The host and port of the data plane. */
export const data = required('TOKENSTAGE_DATA');
const controlPlane = required('TOKENSTAGE_CONTROL');

function required(name) {
  return process.env[name] ?? assert.fail(`${name} is not set: run the tests with "npm test"`);
}

async function control(method, path, body) {
  const response = await fetch(controlPlane + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}

const secret = () => randomBytes(16).toString('hex');

/** The host and port of the data plane over HTTPS; undefined where the server has none. */
export async function secure() {
  const { endpoints } = await control('GET', '/v1/sandboxes/default');
  return endpoints.tls?.replace('https://', '');
}

/** The URLs of the broker, by the names of the endpoints. */
export const broker = async () => (await control('GET', '/v1/sandboxes/default')).endpoints;

/** Creates a sandbox with an acs credential of each kind and removes it after the test; settings go beside them. */
export async function newBox(t, settings) {
  const acs = [
    { accessKeyId: `LTAIfake${secret()}`, accessKeySecret: secret() },
    { accessKeyId: `STS.fake${secret()}`, accessKeySecret: secret(), securityToken: `CAISfake+/${secret()}==` },
    { bearerToken: `bearer-${secret()}` },
  ];
  const { id, credentials } = await control('POST', '/v1/sandboxes', { credentials: { acs }, ...settings });
  const path = `/v1/sandboxes/${id}`;
  t.after(() => control('DELETE', path));
  const [plain, sts, bearer] = credentials.acs;
  return {
    keys: { plain, sts, bearer },
    top: credentials.top[0],
    fabric: credentials.fabric[0],
    /** Moves or sets the sandbox clock; SDKs go on signing with the time of this process. */
    clock: (change) => control('PATCH', `${path}/clock`, change),
    /** Starts a scenario by its name. */
    play: (scenario) => control('PUT', `${path}/scenarios/${encodeURIComponent(scenario)}`),
    /** Asks for a token of an MQTT instance that lives for an hour. */
    applyToken: async (instance, actions, resources) => {
      const client = new POPCore({
        ...plain, endpoint: `http://${data}`, apiVersion: '2020-04-20', opts: { method: 'POST' },
      });
      const ExpireTime = Date.now() + 3_600_000;
      const reply = await client.request('ApplyToken', {
        InstanceId: instance, Actions: actions, Resources: resources, ExpireTime,
      }, { method: 'POST' });
      return reply.Token;
    },
    /** What came in, oldest first. */
    journal: async () => {
      const page = await control('GET', `${path}/requests`);
      assert.equal(page.dropped, 0);
      return page.requests;
    },
  };
}
