import {WasiNnAdapter} from '../backend/contract/adapter.js'
import {engineMark} from '../backend/contract/status.js'
import {readdir, readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import type {Backend} from '../backend/contract/wasi-nn.js'
import type {GraphId} from '../backend/contract/types.js'
import {NnError} from '../errors.js'
import type {Probe} from './target.js'

/** The process whose backends are looked behind. */
export interface Host {
  pid: number
  /** Where it keeps temporary files. */
  temporaryFolder: string
}

/** Looks at what a process has on this machine; what was there before is not of the backends to come. */
export function probeOf(
  host: Host = {pid: process.pid, temporaryFolder: tmpdir()},
  before: readonly string[] = [],
): Probe {
  return {
    remains: async () => (await remainsOf(host)).filter((one) => !before.includes(one)),
    killEngine: (backend, graph) => killEngine(backend, graph, host.pid),
    render: (backend, conversation, request) => {
      if (!(backend instanceof WasiNnAdapter)) {
        throw new NnError('unsupported_operation', 'This backend does not show its prompts.')
      }
      const {core} = backend as WasiNnAdapter
      return core.render({conversation}, request)
    },
  }
}

/** Engine processes and temporary files of a process. */
export async function remainsOf({pid, temporaryFolder}: Host): Promise<string[]> {
  return [...(await engineProcesses(pid)), ...(await temporaryFolders(pid, temporaryFolder))]
}

async function killEngine(backend: Backend, graph: GraphId, parent: number): Promise<void> {
  const {graphs} = await backend.status('memory')
  const pid = graphs.find((one) => one.graph === graph)?.engine_pid
  if (pid == null) throw new NnError('not_found', `Graph ${graph} has no engine process.`)
  process.kill(pid, 'SIGKILL')
  // The call is over when the process is, so that what follows meets a dead engine.
  while ((await engineProcesses(parent)).includes(nameOf(pid))) await delay(5)
}

/** Folders that hold the bytes which the process's `load` was given, and the caches that its engines saved. */
async function temporaryFolders(pid: number, folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const own = new RegExp(`^wnn-(models|caches)-${pid}-`)
  return names.filter((name) => own.test(name)).map((name) => path.join(folder, name))
}

/** Engines that are children of the process, from the system's own table; systems without /proc tell nothing. */
async function engineProcesses(host: number): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end between the listing and the reading.
      const [stat, command] = await Promise.all(
        ['stat', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      )
      // After the name in parentheses: the state, the parent.
      const [, state, parent] = /\) (\S) (\d+) /.exec(stat ?? '') ?? []
      return Number(parent) === host && state !== 'Z' && command?.includes(engineMark) ? nameOf(pid) : ''
    }),
  )
  return found.filter((name) => name !== '')
}

function nameOf(pid: number | string): string {
  return `process ${pid}`
}
