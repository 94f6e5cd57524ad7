// The end of the step: says in the job's summary which calls were refused and which documented errors were seen, and
// ends the server.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { addSummary, fail, input, kept } from './runner.mjs';

/** How many calls the summary lists: its place is bounded, and so is a reader's patience. */
const listed = 50;
const endLimit = 5_000;

/** Asks the server with its own command, whose exit code can be 1 beside an answer: where there were no calls. */
function ask(...args) {
  const env = { ...process.env, TOKENSTAGE_CONTROL: kept('control') };
  const ran = spawnSync(kept('binary'), [...args, '--json'], { env, maxBuffer: 1 << 28, encoding: 'utf8' });
  if (!ran.stdout) {
    throw new Error(ran.stderr || ran.error?.message);
  }
  return JSON.parse(ran.stdout);
}

/** A cell of a table. What clients wrote stands there as text. */
function cell(text) {
  return String(text ?? '').slice(0, 300).replace(/[\r\n]+/g, ' ').replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)
    .replace(/[\\`*_{}[\]()#+!|~@:]/g, '\\$&');
}

const row = (...cells) => `| ${cells.map(cell).join(' | ')} |\n`;

function head(...names) {
  return `| ${names.join(' | ')} |\n|${names.map(() => '---|').join('')}\n`;
}

/** Why a call got its answer: a scenario wanted it, or the first thing that is wrong with it. */
function why(call) {
  if (call.decision?.scenario) {
    return `scenario ${call.decision.scenario}`;
  }
  const finding = call.findings.find((f) => f.level === 'error') ?? call.findings[0];
  if (!finding) {
    return '';
  }
  const difference = finding.expected || finding.got ? ` Expected ${finding.expected ?? ''}, got ${finding.got ?? ''}.` : '';
  return finding.message + difference;
}

function refusedCalls(page) {
  const calls = page.requests;
  if (calls.length === 0) {
    return 'No call was refused.\n\n';
  }
  let text = head('sandbox', 'operation', 'outcome', 'why');
  for (const call of calls.slice(-listed)) {
    text += row(call.sandbox, call.operation || call.request.url, call.outcome, why(call));
  }
  if (calls.length > listed) {
    text += `\nThe latest ${listed} of ${calls.length} that are kept.\n`;
  }
  return `${text}\n`;
}

function coverageOf(coverage) {
  let text = head('operation', 'calls', 'documented errors seen', 'not seen');
  for (const op of coverage.operations.filter((o) => o.calls > 0)) {
    const missing = op.errors.filter((e) => e.seen === 0).map((e) => e.code);
    text += row(op.id, op.calls, `${op.errors.length - missing.length} of ${op.errors.length}`, missing.join(' '));
  }
  return `${text}\n`;
}

function report() {
  const coverage = ask('coverage', '--all');
  if (coverage.calls === 0) {
    addSummary('## Tokenstage\n\nNo calls came: is the app under test pointed at it?\n\n');
    return coverage;
  }
  const share = coverage.documented === 0 ? 100 : (100 * coverage.seen) / coverage.documented;
  addSummary(`## Tokenstage\n\n${coverage.calls} calls; ${coverage.seen} of ${coverage.documented} documented errors ` +
    `(${share.toFixed(1)} %) were seen.\n\n### Refused calls\n\n${refusedCalls(ask('requests', '--all', '--outcome', '!ok', '--limit', '0'))}` +
    `### Coverage\n\n${coverageOf(coverage)}`);
  return { ...coverage, share };
}

/** Holds the coverage to what the input asks for. */
function judge(coverage) {
  const least = Number(input('min-coverage') || 0);
  if (!(least >= 0 && least <= 100)) {
    fail(`the input min-coverage is ${JSON.stringify(input('min-coverage'))}: expected a number from 0 to 100`);
  } else if (least > 0 && !(coverage.share >= least)) {
    fail(`${coverage.seen} of ${coverage.documented} documented errors were seen, fewer than ${least} %`);
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function end(pid) {
  if (!isRunning(pid)) {
    fail('the server had ended before the job did');
  } else {
    process.kill(pid, 'SIGTERM');
    for (const began = Date.now(); isRunning(pid) && Date.now() - began < endLimit;) {
      await sleep(20);
    }
  }
  process.stdout.write(`::group::The log of Tokenstage\n${readFileSync(kept('log'), 'utf8')}\n::endgroup::\n`);
}

const pid = Number(kept('pid'));
if (pid) { // else it did not start, which the beginning has said
  try {
    judge(report());
  } catch (error) {
    fail(`the report could not be written: ${error.message}`);
  } finally {
    await end(pid);
  }
}
