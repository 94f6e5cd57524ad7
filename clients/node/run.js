// Runs the tests against the server that the environment names, or against one that it starts and ends itself.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const startLimit = 30_000;

/** Builds the command of this checkout and returns the path of the binary. */
function build(folder) {
  const binary = join(folder, 'tokenstage');
  const built = spawnSync('go', ['build', '-o', binary, '.'], { cwd: '../..', stdio: 'inherit' });
  if (built.status !== 0) {
    throw new Error('the server could not be built', { cause: built.error });
  }
  return binary;
}

/** Starts the server on free ports and waits until it has printed where its planes are. */
async function serve(binary, folder) {
  const server = spawn(binary, ['serve', '--addr', '127.0.0.1:0', '--control-addr', '127.0.0.1:0',
    '--tls-addr', '127.0.0.1:0', '--state-dir', folder, '--mqtt-addr', '127.0.0.1:0',
    '--mqtt-ws-addr', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const limit = setTimeout(() => server.kill('SIGKILL'), startLimit);
  const planes = {};
  for await (const line of createInterface({ input: server.stdout })) {
    const [, plane, address] = /^(data|control) plane\s+http:\/\/(\S+)$/.exec(line) ?? [];
    planes[plane] = address;
    if (planes.data && planes.control) {
      break;
    }
  }
  clearTimeout(limit);
  if (!planes.data || !planes.control) {
    throw new Error('the server ended before it said where its planes are');
  }
  server.stdout.resume();
  const env = {
    TOKENSTAGE_DATA: planes.data, TOKENSTAGE_CONTROL: `http://${planes.control}`,
    // Node reads it at its start, for all clients of the process.
    NODE_EXTRA_CA_CERTS: join(folder, 'ca', 'ca.pem'),
  };
  return { env, stop: () => server.kill('SIGKILL') };
}

/** Runs the test runner and resolves to its exit code. */
function runTests(env) {
  const tests = spawn(process.execPath, ['--test', ...process.argv.slice(2)],
    { stdio: 'inherit', env: { ...process.env, ...env } });
  return new Promise((resolve, reject) => {
    tests.on('error', reject);
    tests.on('exit', (code) => resolve(code ?? 1));
  });
}

if (process.env.TOKENSTAGE_DATA) {
  process.exitCode = await runTests({});
} else {
  const folder = mkdtempSync(join(tmpdir(), 'tokenstage-clients-'));
  try {
    const binary = process.env.TOKENSTAGE_BIN ?? build(folder);
    const server = await serve(binary, folder);
    try {
      process.exitCode = await runTests({ ...server.env, TOKENSTAGE_BIN: binary });
    } finally {
      server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
