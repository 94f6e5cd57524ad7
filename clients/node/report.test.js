// The report for CI is read by the format's own library.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parse, validate } from 'ctrf';
import { newBox } from './sandbox.js';

const binary = process.env.TOKENSTAGE_BIN;

test('ctrf', { skip: binary ? false : 'TOKENSTAGE_BIN does not name the command' }, async (t) => {
  await newBox(t);
  // A quick look at a sandbox without calls fails, after the report was written.
  const ran = spawnSync(binary, ['coverage', '--all', '--format', 'ctrf', '--control', process.env.TOKENSTAGE_CONTROL]);
  const report = parse(String(ran.stdout));
  assert.deepEqual(validate(report), { valid: true, errors: [] });
  assert.ok(report.results.tests.length > 100, `${report.results.tests.length} documented errors`);
  assert.equal(validate({ ...report, results: {} }).valid, false);
});
