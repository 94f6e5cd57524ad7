// What the runner of GitHub Actions gives a step, and takes from it.
import { appendFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';

/** The input of that name, without space around it. */
export function input(name) {
  return (process.env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] ?? '').trim();
}

/** Writes a line `name=value` to a file of the runner, in the form that holds every value. */
function set(file, name, value) {
  const path = process.env[file];
  if (!path) {
    throw new Error(`${file} is not set: this runs as a step of GitHub Actions`);
  }
  const end = `end-${randomUUID()}`;
  appendFileSync(path, `${name}<<${end}\n${value}\n${end}\n`);
}

/** Sets an output of the step. */
export const setOutput = (name, value) => set('GITHUB_OUTPUT', name, value);

/** Sets a variable of the environment of the later steps. */
export const setVariable = (name, value) => set('GITHUB_ENV', name, value);

/** Keeps a value for the step's end, where state finds it. */
export const keep = (name, value) => set('GITHUB_STATE', name, value);

/** What the step's beginning kept. */
export const kept = (name) => process.env[`STATE_${name}`] ?? '';

/** Puts a folder in front of the PATH of the later steps. */
export const addPath = (folder) => appendFileSync(process.env.GITHUB_PATH, `${folder}\n`);

/** Adds Markdown to the summary of the job. */
export const addSummary = (markdown) => appendFileSync(process.env.GITHUB_STEP_SUMMARY, markdown);

/** Shows an error on the page of the job, and lets the step fail. */
export function fail(message) {
  const escaped = message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  process.stdout.write(`::error title=Tokenstage::${escaped}\n`);
  process.exitCode = 1;
}
