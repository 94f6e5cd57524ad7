// The beginning of the step: installs Tokenstage, starts it, and waits until it is ready.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { install } from './install.mjs';
import { addPath, fail, input, keep, setOutput, setVariable } from './runner.mjs';

/** How long the server may take to be ready. */
const readyLimit = 30_000;
const look = 10;

/** The release to install: the one that is asked for, or else that of the action. */
function version() {
  const own = process.env.GITHUB_ACTION_REF ?? '';
  return input('version') || (/^v\d+\.\d+\.\d+/.test(own) ? own : '');
}

function ownBinary(path) {
  const binary = resolve(path);
  if (!statSync(binary, { throwIfNoEntry: false })?.isFile()) {
    throw new Error(`the input binary names no file: ${binary}`);
  }
  return binary;
}

/** What serve prints once it is ready. */
function planes(printed) {
  const found = {};
  for (const line of printed.split('\n')) {
    const [, name, address] = /^(data plane|control plane|broker|console) +(\S+)/.exec(line) ?? [];
    if (name) {
      found[name] = address;
    }
  }
  return found;
}

/** Starts the server, which goes on after this step, and waits until it has said where it is. */
async function serve(binary) {
  const home = mkdtempSync(join(process.env.RUNNER_TEMP, 'tokenstage-log-'));
  const out = join(home, 'out');
  const log = join(home, 'log');
  const args = input('args').split('\n').map((arg) => arg.trim()).filter((arg) => arg !== '');
  const server = spawn(binary, ['serve', ...args], {
    detached: true, windowsHide: true, stdio: ['ignore', openSync(out, 'w'), openSync(log, 'w')],
  });
  let ended = '';
  server.on('error', (error) => { ended = error.message; });
  server.on('exit', (code, signal) => { ended = `it ended with ${signal ?? `exit code ${code}`}`; });
  for (const began = Date.now(); ;) {
    const found = planes(readFileSync(out, 'utf8'));
    if (found.console) { // the last of them
      server.unref();
      return { found, log, pid: server.pid };
    }
    if (ended || Date.now() - began > readyLimit) {
      server.kill();
      throw new Error(`tokenstage did not start: ${ended || 'it was not ready in time'}\n${readFileSync(log, 'utf8')}`);
    }
    await sleep(look);
  }
}

try {
  const binary = input('binary') ? ownBinary(input('binary')) : await install(input('releases'), version());
  const { found, log, pid } = await serve(binary);
  keep('pid', pid);
  keep('log', log);
  keep('binary', binary);
  keep('control', found['control plane']);
  addPath(dirname(binary));
  setVariable('TOKENSTAGE_CONTROL', found['control plane']);
  setOutput('data', found['data plane']);
  setOutput('control', found['control plane']);
  setOutput('broker', found.broker ?? '');
  process.stdout.write(`Tokenstage answers at ${found['data plane']}, its control plane at ${found['control plane']}\n`);
} catch (error) {
  fail(error.message);
}
