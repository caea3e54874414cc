import {readdir, readFile} from 'node:fs/promises'

/**
 * Processor time of a process so far, all its threads together, in milliseconds; NaN where the system does not tell.
 * Linux counts it in nanoseconds here, `process.cpuUsage` of another process cannot be asked for.
 */
export async function cpuMs(pid: number): Promise<number> {
  if (process.platform !== 'linux') return NaN
  const threads = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(
    threads.map(async (thread) => {
      // A thread may end between the two calls; what it used is lost, and was little.
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')
      return Number(text.split(' ')[0]) / 1e6
    }),
  )
  return times.reduce((sum, time) => sum + time, 0)
}
