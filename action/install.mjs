// Installs a release: the archive for this machine, held to the checksum that the release has for it.
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const systems = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const processors = { x64: 'amd64', arm64: 'arm64' };

/** How long a download may take. */
const limit = 60_000;

/** The name of the archive for this machine. */
export function archiveName(platform = process.platform, arch = process.arch) {
  const system = systems[platform];
  const processor = processors[arch];
  if (!system || !processor) {
    throw new Error(`there is no release for ${platform} on ${arch}: there are those for ` +
      `${Object.values(systems).join(', ')} on ${Object.values(processors).join(' and ')}; ` +
      'the input binary takes one that you built');
  }
  return `tokenstage_${system}_${processor}.${system === 'windows' ? 'zip' : 'tar.gz'}`;
}

/** The folder of a release's files: of a version, or of the latest one. */
export function folderOf(releases, version) {
  if (version && !/^v\d+\.\d+\.\d+[-+.\w]*$/.test(version)) {
    throw new Error(`the input version is ${JSON.stringify(version)}: expected one such as v0.3.0`);
  }
  return version ? `${releases}/download/${version}` : `${releases}/latest/download`;
}

async function download(url) {
  const reply = await fetch(url, { signal: AbortSignal.timeout(limit) });
  if (!reply.ok) {
    throw new Error(`${url}: ${reply.status} ${reply.statusText}`);
  }
  return Buffer.from(await reply.arrayBuffer());
}

/** The checksum of a file in a list as sha256sum writes it. */
export function checksumOf(list, name) {
  for (const line of list.split('\n')) {
    const [, sum, file] = /^([0-9a-f]{64}) [ *](.+?)\r?$/.exec(line) ?? [];
    if (file === name) {
      return sum;
    }
  }
  throw new Error(`checksums.txt has no checksum of ${name}`);
}

/** Downloads, checks and unpacks a release into a new folder, and returns the path of the binary. */
export async function install(releases, version) {
  const name = archiveName();
  const folder = folderOf(releases, version);
  const [archive, sums] = await Promise.all([download(`${folder}/${name}`), download(`${folder}/checksums.txt`)]);
  const expected = checksumOf(sums.toString(), name);
  const got = createHash('sha256').update(archive).digest('hex');
  if (got !== expected) {
    throw new Error(`${folder}/${name} is not what was released: its SHA-256 is ${got}, expected ${expected}`);
  }
  const home = mkdtempSync(join(process.env.RUNNER_TEMP, 'tokenstage-'));
  const path = join(home, name);
  writeFileSync(path, archive);
  const binary = process.platform === 'win32' ? 'tokenstage.exe' : 'tokenstage';
  // The tar of each of the runners' systems reads both kinds of archives. Windows has another one in its PATH.
  const tar = process.platform === 'win32' ? join(process.env.SystemRoot, 'System32', 'tar.exe') : 'tar';
  execFileSync(tar, ['-xf', path, '-C', home, binary]);
  return join(home, binary);
}
