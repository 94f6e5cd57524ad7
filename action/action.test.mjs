// Runs the action's scripts as a runner of GitHub Actions does, against a release that this test makes.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { archiveName, checksumOf, folderOf } from './install.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tokenstage-action-'));
const files = new Map(); // what the release server has, by path
let releases;
let server;

before(async () => {
  const binary = join(folder, 'tokenstage');
  if (process.env.TOKENSTAGE_BIN) {
    copyFileSync(process.env.TOKENSTAGE_BIN, binary);
  } else {
    execFileSync('go', ['build', '-o', binary, '.'], { cwd: join(here, '..'), stdio: 'inherit' });
  }
  const archive = join(folder, archiveName());
  execFileSync('tar', ['-czf', archive, '-C', folder, 'tokenstage']);
  const content = readFileSync(archive);
  const sum = createHash('sha256').update(content).digest('hex');
  for (const release of ['/download/v1.2.3', '/latest/download']) {
    files.set(`${release}/${archiveName()}`, content);
    files.set(`${release}/checksums.txt`, `${'0'.repeat(64)}  other.zip\n${sum}  ${archiveName()}\n`);
  }
  files.set(`/download/v6.6.6/${archiveName()}`, content.subarray(1));
  files.set('/download/v6.6.6/checksums.txt', `${sum}  ${archiveName()}\n`);
  server = createServer((request, reply) => {
    const found = files.get(request.url);
    reply.writeHead(found ? 200 : 404);
    reply.end(found);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  releases = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Stands in for a runner: its files, its variables, and what a step's beginning keeps for its end. */
class Job {
  constructor(inputs) {
    this.home = mkdtempSync(join(folder, 'job-'));
    this.env = { PATH: process.env.PATH, HOME: this.home, RUNNER_TEMP: join(this.home, 'temp') };
    mkdirSync(this.env.RUNNER_TEMP);
    for (const file of ['OUTPUT', 'ENV', 'STATE', 'PATH', 'STEP_SUMMARY']) {
      this.env[`GITHUB_${file}`] = join(this.home, file);
      writeFileSync(this.env[`GITHUB_${file}`], '');
    }
    const given = {
      releases, args: '--addr=127.0.0.1:0\n--control-addr=127.0.0.1:0\n--mqtt-addr=127.0.0.1:0', ...inputs,
    };
    for (const [name, value] of Object.entries(given)) {
      this.env[`INPUT_${name.toUpperCase()}`] = value;
    }
  }

  /** Runs one of the scripts to its end. */
  run(script, env = {}) {
    const ran = spawn(process.execPath, [join(here, script)], { env: { ...this.env, ...env } });
    let out = '';
    for (const stream of [ran.stdout, ran.stderr]) {
      stream.on('data', (text) => { out += text; });
    }
    return new Promise((resolve, reject) => {
      ran.on('error', reject);
      ran.on('close', (code) => resolve({ code, out }));
    });
  }

  start(env) { return this.run('start.mjs', env); }

  end() {
    const state = Object.entries(this.read('STATE')).map(([name, value]) => [`STATE_${name}`, value]);
    return this.run('report.mjs', Object.fromEntries(state));
  }

  /** What the scripts wrote to a file of the runner. */
  read(file) {
    const values = {};
    for (const [, name, , value] of readFileSync(this.env[`GITHUB_${file}`], 'utf8').matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n\2$/gm)) {
      values[name] = value;
    }
    return values;
  }

  get summary() { return readFileSync(this.env.GITHUB_STEP_SUMMARY, 'utf8'); }
}

function isRunning(pid) {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

test('a job has an emulator, and a summary of what came', async (t) => {
  const job = new Job({ version: 'v1.2.3' });
  const began = performance.now();
  const started = await job.start();
  t.diagnostic(`installed and started in ${Math.round(performance.now() - began)} ms`);
  assert.equal(started.code, 0, started.out);
  const { data, control, broker } = job.read('OUTPUT');
  assert.equal(job.read('ENV').TOKENSTAGE_CONTROL, control);
  assert.match(broker, /^mqtt:\/\/127\.0\.0\.1:\d+$/);
  // The later steps have the command.
  const commands = readFileSync(job.env.GITHUB_PATH, 'utf8').trim();
  assert.match(execFileSync(join(commands, 'tokenstage'), ['version'], { encoding: 'utf8' }), /^tokenstage/);

  const hostile = 'x|<img src=//evil>\n# [a](b) `c`';
  for (const key of [hostile, '11111111-2222-4333-8444-555555555555']) {
    await fetch(`${data}/apigovernance/api/oauth/tokenByAkSk`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ app_key: key, app_secret: 'fake-default-fabric-app-secret' }),
    });
  }
  const ended = await job.end();
  assert.equal(ended.code, 0, ended.out);
  assert.ok(!isRunning(job.read('STATE').pid), 'the server goes on');
  assert.match(ended.out, /::group::The log of Tokenstage\n[\s\S]*serving[\s\S]*::endgroup::/);
  assert.match(job.summary, /^## Tokenstage\n\n2 calls; 1 of \d+ documented errors \(\d+\.\d %\) were seen\.$/m);
  const refused = job.summary.split('\n').filter((line) => line.startsWith('| default |'));
  assert.equal(refused.length, 1, job.summary);
  assert.match(refused[0], /^\| default \| ccmessaging\.tokenByAkSk \| 403 \| No app of this sandbox has the key .* \|$/);
  assert.doesNotMatch(refused[0], /<img|[^\\]`|[^\\]\[a/);
  assert.match(job.summary, /^\| ccmessaging\.tokenByAkSk \| 2 \| 1 of \d+ \| .+ \|$/m);
});

test('a job without calls is told so, and one that has seen too little fails', async () => {
  const job = new Job({ 'min-coverage': '50' });
  assert.equal((await job.start()).code, 0);
  const ended = await job.end();
  assert.equal(ended.code, 1);
  assert.match(ended.out, /^::error title=Tokenstage::0 of \d+ documented errors were seen, fewer than 50 %25$/m);
  assert.match(job.summary, /No calls came: is the app under test pointed at it\?/);
});

test('a server that is gone at the end is told', async () => {
  const job = new Job({});
  await job.start();
  const { pid } = job.read('STATE');
  process.kill(Number(pid), 'SIGKILL');
  while (isRunning(pid)) {
    await new Promise(setImmediate);
  }
  const ended = await job.end();
  assert.equal(ended.code, 1);
  assert.match(ended.out, /::error title=Tokenstage::the report could not be written: .*no control plane at/);
  assert.match(ended.out, /::error title=Tokenstage::the server had ended before the job did/);
});

for (const [name, inputs, said, env] of [
  ['a release with another checksum', { version: 'v6.6.6' }, /is not what was released: its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}/],
  ['a release that is not there', { version: 'v9.9.9' }, /\/download\/v9\.9\.9\/\S+: 404 Not Found/],
  ['the version of the action where none is asked for', {}, /\/download\/v7\.7\.7\/\S+: 404/, { GITHUB_ACTION_REF: 'v7.7.7' }],
  ['a version that is none', { version: '../x' }, /the input version is "\.\.\/x": expected one such as v0\.3\.0/],
  ['a binary that is not there', { binary: 'no/such' }, /the input binary names no file: .*no\/such/],
  ['a flag that does not exist', { args: '--no-such' }, /tokenstage did not start: it ended with exit code 2%0A.*no-such/],
  ['releases that nobody serves', { releases: 'http://127.0.0.1:9' }, /fetch failed/],
]) {
  test(`${name} is told`, async () => {
    const job = new Job(inputs);
    const started = await job.start(env);
    assert.equal(started.code, 1);
    assert.match(started.out, said);
    assert.match(started.out, /^::error title=Tokenstage::/m);
    const ended = await job.end(); // has nothing to end, and says nothing of its own
    assert.deepEqual(ended, { code: 0, out: '' });
  });
}

test('there are archives for three systems', () => {
  assert.equal(archiveName('linux', 'x64'), 'tokenstage_linux_amd64.tar.gz');
  assert.equal(archiveName('darwin', 'arm64'), 'tokenstage_darwin_arm64.tar.gz');
  assert.equal(archiveName('win32', 'x64'), 'tokenstage_windows_amd64.zip');
  assert.throws(() => archiveName('aix', 'ppc64'), /no release for aix on ppc64/);
});

test('checksums are read by the whole name', () => {
  const sum = 'ab'.repeat(32);
  assert.equal(checksumOf(`${sum} *a.zip\r\n`, 'a.zip'), sum);
  assert.throws(() => checksumOf(`${sum}  xa.zip\n${sum}  a.zip.sig\n`, 'a.zip'), /has no checksum of a\.zip/);
});

test('the latest release has no version in its address', () => {
  assert.equal(folderOf('https://h/r', ''), 'https://h/r/latest/download');
});
