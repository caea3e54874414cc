import {readdir, readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import type {Backend, GraphId} from '../backend/backend.js'
import {NnError} from '../backend/errors.js'
import {initBackend} from '../backend/local.js'
import type {Probe, Target} from './target.js'

/** Backends in this process, one after the other: what is left of any counts as left by the last. */
export function localTarget(): Target {
  return {
    name: 'local',
    init: (config, {strict}) => initBackend({strict, ...(config !== undefined && {config})}),
    probe: {remains: async () => [...(await engineProcesses()), ...(await temporaryFolders())], killEngine},
  }
}

const killEngine: Probe['killEngine'] = async (backend: Backend, graph: GraphId) => {
  const {graphs} = await backend.status('memory')
  const pid = graphs.find((one) => one.graph === graph)?.engine_pid
  if (pid == null) throw new NnError('not_found', `Graph ${graph} has no engine process.`)
  process.kill(pid, 'SIGKILL')
  // The call is over when the process is, so that what follows meets a dead engine.
  while ((await engineProcesses()).includes(nameOf(pid))) await delay(5)
}

/** Folders that hold the bytes which this process's `load` was given, and the caches that its engines saved. */
async function temporaryFolders(): Promise<string[]> {
  const names = await readdir(tmpdir())
  const mine = new RegExp(`^wnn-(models|caches)-${process.pid}-`)
  return names.filter((name) => mine.test(name)).map((name) => path.join(tmpdir(), name))
}

/** Engines that are children of this process, from the system's own table; systems without /proc tell nothing. */
async function engineProcesses(): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end between the listing and the reading.
      const [stat, command] = await Promise.all(
        ['stat', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      )
      // After the name in parentheses: the state, the parent.
      const [, state, parent] = /\) (\S) (\d+) /.exec(stat ?? '') ?? []
      return Number(parent) === process.pid && state !== 'Z' && command?.includes('engine/main') ? nameOf(pid) : ''
    }),
  )
  return found.filter((name) => name !== '')
}

function nameOf(pid: number | string): string {
  return `process ${pid}`
}
