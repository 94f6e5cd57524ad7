// Credentials that the gateway top issues upload with ali-oss until they end.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import https from 'node:https';
import tls from 'node:tls';
import { mock, test } from 'node:test';
import OSS from 'ali-oss';
import taobao from 'taobao-sdk';
import { caller as official } from './official.js';
import { method, param } from './top.js';
import { newBox, secure } from './sandbox.js';

/** Asks for credentials, and finds bucket and prefix in their policy. */
async function issue(box) {
  const parameters = { param: JSON.stringify({ ...param, product_code: 'oss' }) };
  const { result } = await official(taobao)(box.top, method, parameters);
  const [resource] = result.policy.statement.datas.flatMap((one) => one.resource.string)
    .filter((one) => one.startsWith('acs:oss:'));
  const [, bucket, prefix] = /^acs:oss:\*:\*:([^/]+)\/(.*)\*$/.exec(resource);
  return { result, bucket, prefix };
}

/** A client with what was issued, and nothing else. */
function clientFor({ result, bucket }, options) {
  return new OSS({
    endpoint: result.end_point_public, bucket,
    accessKeyId: result.access_key_id, accessKeySecret: result.access_key_secret, stsToken: result.token,
    refreshSTSToken: async () => assert.fail('nothing is to be refreshed'), refreshSTSTokenInterval: 2 ** 31,
    ...options,
  });
}

const versions = { V1: {}, V4: { authorizationV4: true } };
const large = Buffer.alloc(300 * 1024, 'meow ');

/** Uploads, reads, describes and deletes objects. */
async function checkObjects(client, prefix) {
  for (const name of ['cat.txt', "a b/+ %2F~*é!'().txt"].map((one) => prefix + one)) {
    const content = Buffer.from(`the content of ${name}`);
    const put = await client.put(name, content, { meta: { owner: 'alice' }, mime: 'text/x-cat' });
    assert.equal(put.res.headers.etag, `"${createHash('md5').update(content).digest('hex').toUpperCase()}"`);
    const got = await client.get(name);
    assert.deepEqual(got.content, content);
    const part = await client.get(name, { headers: { Range: 'bytes=4-10' } });
    assert.deepEqual([part.res.status, part.content.toString()], [206, 'content']);
    const head = await client.head(name);
    assert.equal(head.meta.owner, 'alice');
    assert.equal(head.res.headers['content-type'], 'text/x-cat');
    assert.equal(head.res.headers['content-length'], String(content.length));
    const unchanged = await client.head(name, { headers: { 'If-None-Match': put.res.headers.etag } });
    assert.equal(unchanged.status, 304);
    await client.delete(name);
    await assert.rejects(client.get(name), { code: 'NoSuchKey', status: 404 });
    await assert.rejects(client.head(name), { code: 'NoSuchKey', status: 404 });
  }
  await client.multipartUpload(`${prefix}large`, large, { partSize: 100 * 1024, parallel: 2 });
  assert.deepEqual((await client.get(`${prefix}large`)).content, large);
}

for (const [version, options] of Object.entries(versions)) {
  test(`ali-oss ${version} uploads with issued credentials`, async (t) => {
    const box = await newBox(t);
    const issued = await issue(box);
    const client = clientFor(issued, options);
    const name = `${issued.prefix}cat.txt`;
    await checkObjects(client, issued.prefix);
    await assert.rejects(client.put('elsewhere/cat.txt', Buffer.from('meow')), { code: 'AccessDenied', status: 403 });

    const end = Date.parse(issued.result.expiration);
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    mock.timers.setTime(end - 1000);
    await box.clock({ now: new Date(end - 1000).toISOString(), frozen: true });
    await client.put(name, Buffer.from('in time'));
    await box.clock({ now: new Date(end).toISOString() });
    await assert.rejects(client.put(name, Buffer.from('late')), (error) => {
      assert.deepEqual([error.code, error.status, error.ecCode], ['SecurityTokenExpired', 403, '0002-00000007']);
      assert.match(error.requestId, /^[0-9A-F]{24}$/);
      return true;
    });
  });

  test(`a form that is signed as ali-oss ${version} signs it`, async (t) => {
    const box = await newBox(t);
    const issued = await issue(box);
    const client = clientFor(issued, options);
    const key = `${issued.prefix}form.txt`;
    const policy = (...conditions) => ({
      expiration: new Date(Date.now() + 600_000).toISOString(), conditions: [{ bucket: issued.bucket }, ...conditions],
    });
    const send = async (limit, content) => {
      const form = new FormData();
      const signed = version === 'V1' ? client.calculatePostSignature(policy(limit)) : signedV4(client, policy(limit));
      for (const [field, value] of Object.entries({ ...signed, key, 'x-oss-security-token': issued.result.token })) {
        form.append(field, value);
      }
      form.append('success_action_status', '201');
      form.append('file', new Blob([content], { type: 'text/x-cat' }), 'cat.txt');
      return fetch(`${issued.result.end_point_public}/${issued.bucket}`, { method: 'POST', body: form });
    };
    const posted = await send(['content-length-range', 1, 100], 'meow');
    assert.equal(posted.status, 201, await posted.clone().text());
    assert.match(await posted.text(), /<Key>tenant-1\/poi-1\/form.txt<\/Key>/);
    assert.equal((await client.get(key)).content.toString(), 'meow');
    const refused = await send(['content-length-range', 10, 100], 'meow');
    assert.deepEqual([refused.status, /<Code>(.*)<\/Code>/.exec(await refused.text())[1]], [400, 'EntityTooSmall']);
  });
}

/** The fields of a form of version 4, with the signature of ali-oss. */
function signedV4(client, policy) {
  const date = new Date();
  const stamp = date.toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    policy: Buffer.from(JSON.stringify(policy)).toString('base64'),
    'x-oss-signature-version': 'OSS4-HMAC-SHA256', 'x-oss-date': stamp,
    'x-oss-credential': `${client.options.accessKeyId}/${stamp.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`,
    'x-oss-signature': client.signPostObjectPolicyV4(policy, date),
  };
}

const address = await secure();
const skip = address ? false : 'the server was started without --tls-addr';
// Stands in for a hosts file: every connection over TLS is one to the server, whatever name the client looks for.
const { connect } = tls;
tls.connect = ({ host: _, port: __, ...options }, ...rest) =>
  connect({ ...options, host: '127.0.0.1', port: Number(address.split(':').at(-1)) }, ...rest);

for (const [version, options] of Object.entries(versions)) {
  test(`ali-oss ${version} at the host of a bucket`, { skip }, async (t) => {
    const box = await newBox(t);
    const issued = await issue(box);
    issued.result.end_point_public = 'https://oss-cn-shanghai.aliyuncs.com';
    const client = clientFor(issued, { region: 'oss-cn-shanghai', ...options });
    await checkObjects(client, issued.prefix);
    await client.put(`${issued.prefix}cat.txt`, Buffer.from('shared'));
    const links = [client.signatureUrl(`${issued.prefix}cat.txt`, { expires: 60 })];
    links.push(await client.signatureUrlV4('GET', 60, {}, `${issued.prefix}cat.txt`));
    for (const link of links) {
      assert.deepEqual(await read(link), [200, 'shared']);
      const [status, body] = await read(link.replace('cat.txt', 'dog.txt'));
      assert.equal(status, 403, body);
    }
  });
}

/** Reads a URL by node:https, whose connections go to the server. */
function read(link) {
  return new Promise((resolve, reject) => {
    https.get(link, (response) => {
      let body = '';
      response.on('data', (chunk) => { body += chunk; });
      response.on('end', () => resolve([response.statusCode, body]));
    }).on('error', reject);
  });
}
