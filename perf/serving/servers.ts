import {execFile} from 'node:child_process'
import {mkdtemp, rm} from 'node:fs/promises'
import net, {type AddressInfo} from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import {promisify} from 'node:util'
import {ServerProcess} from './server-process.js'

/** What a server is started for. */
export interface Shape {
  model: string
  slots: number
  /** Tokens of each slot's context. */
  contextTokens: number
}

/** A kind of server: a column of the tables. */
export interface Server {
  name: string
  kind: 'wnn' | 'llama-server'
  start: (shape: Shape, signal: AbortSignal) => Promise<ServerProcess>
}

/** `wnn serve` of a built checkout, with one thread and with limits that a busy server does not reach. */
export function wnnServer(name: string, checkout: string, settings: readonly string[]): Server {
  return {
    name,
    kind: 'wnn',
    start: async ({model, slots, contextTokens}, signal) => {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'wnn-serving-'))
      const all = [
        'model.threads=1',
        `model.parallel=${slots}`,
        `model.ctx_size=${contextTokens}`,
        // Random models repeat themselves more than real ones do (docs/decisions.md, 41).
        'performance.prompt_lookup=false',
        `backend.max_concurrent=${Math.min(1024, 4 * slots)}`,
        'backend.queue_size=10000',
        'backend.default_task_timeout_ms=3600000',
        'stopping.max_time_ms=0',
        ...settings,
      ]
      const serve = ['serve', '--model', model, '--port', '0', '--json', '--drain-timeout', '1000']
      return ServerProcess.start({
        command: process.execPath,
        args: [path.join(checkout, 'bin/run.js'), ...serve, ...all.flatMap((setting) => ['--set', setting])],
        env: {WNN_API_KEY: undefined, WNN_SOCKET: path.join(folder, 'run', 'daemon.sock')},
        ready: async ({stdout}, ended) => {
          if (stdout === null) throw new Error('wnn serve has no standard output.')
          const said: string[] = []
          const lines = createInterface({input: stdout, signal: AbortSignal.any([signal, ended])})
          for await (const line of lines) {
            if (line.startsWith('{"ready"')) return (JSON.parse(line) as {url: string}).url
            said.push(line)
          }
          signal.throwIfAborted()
          throw new Error(`wnn serve ended before it was ready: ${said.join('\n')}`)
        },
        cleanUp: () => rm(folder, {recursive: true, force: true}),
      })
    },
  }
}

/** llama.cpp's server with one thread and a KV cache of its own for each slot. */
export function llamaServer(file: string, cacheRam: string | undefined): Server {
  return {
    name: 'llama-server',
    kind: 'llama-server',
    start: async ({model, slots, contextTokens}, signal) => {
      const port = await freePort()
      const {stdout: help} = await promisify(execFile)(file, ['--help'], {maxBuffer: 1 << 24})
      const options = {
        '-m': model,
        '-np': slots,
        '-c': contextTokens * slots,
        '-t': 1,
        '-tb': 1,
        '--host': '127.0.0.1',
        '--port': port,
        ...(cacheRam !== undefined && {'--cache-ram': cacheRam}),
      }
      const url = `http://127.0.0.1:${port}`
      return ServerProcess.start({
        command: file,
        args: [
          ...Object.entries(options).flatMap(([key, value]) => [key, String(value)]),
          ...['--no-kv-unified', '--no-webui'].filter((flag) => help.includes(flag)),
        ],
        ready: async ({stdout}, ended) => {
          stdout?.resume()
          await isHealthy(url, AbortSignal.any([signal, ended]))
          return url
        },
      })
    },
  }
}

async function isHealthy(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const response = await fetch(`${url}/health`, {signal}).catch(() => undefined)
    if (response?.ok === true) return
    await sleep(20)
  }
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
