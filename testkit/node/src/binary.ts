import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Started } from './emulator.js'

/** How the binary is started. */
export interface BinaryOptions {
  /** The command; `TOKENSTAGE_BIN` or `tokenstage` on the PATH when it is left out. */
  binary?: string
  /** Further flags of `tokenstage serve`, such as `['--tls-addr', '127.0.0.1:0']`. */
  args?: string[]
}

const startLimit = 30_000
const freePorts = ['--addr', '127.0.0.1:0', '--control-addr', '127.0.0.1:0', '--mqtt-addr', '127.0.0.1:0']

/** @internal Starts the binary. Its standard input is a pipe of this process, with which the server ends. */
export async function startBinary({ binary, args = [] }: BinaryOptions): Promise<Started> {
  const command = binary ?? process.env['TOKENSTAGE_BIN'] ?? 'tokenstage'
  const server = spawn(command, ['serve', '--end-with-stdin', '--log', 'off', ...freePorts, ...args], { env: environment() })
  const ended = new Promise<string>(resolve => {
    server.on('error', error => resolve(`${error.message}: install tokenstage, or name its binary in TOKENSTAGE_BIN`))
    server.on('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`))
  })
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => { said += text })
  const limit = setTimeout(() => server.kill('SIGKILL'), startLimit)
  const control = await Promise.race([controlPlane(server.stdout), ended.then(reason => new Error(reason))])
  clearTimeout(limit)
  if (typeof control !== 'string') {
    throw new Error(`start ${command}: ${[control.message, said.trim()].filter(Boolean).join('\n')}`)
  }
  server.stdout.resume()
  // A test that forgets to stop it does not keep this process, with which the server ends.
  for (const kept of [server, server.stdin, server.stdout, server.stderr]) (kept as { unref?: () => void }).unref?.()
  return {
    control,
    stop: async () => {
      if (server.exitCode !== null || server.signalCode !== null) return
      server.ref()
      const exit = once(server, 'exit')
      server.stdin.end()
      await exit
    },
  }
}

/** The URL of the control plane as the server prints it at its start. */
async function controlPlane(output: NodeJS.ReadableStream): Promise<string | Error> {
  const lines = createInterface({ input: output })
  for await (const line of lines) {
    const found = /^control plane\s+(http:\/\/\S+)$/.exec(line)
    if (found) return found[1]!
  }
  return new Promise(() => {}) // the server has ended, and that is told with its reason
}

/** The environment without settings of Tokenstage: what is started is what the options say. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOKENSTAGE_')))
}
