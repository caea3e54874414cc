import {readdir, readFile} from 'node:fs/promises'

/**
 * Processor time of all threads of a process so far, in milliseconds; NaN on systems other than Linux. Linux counts it
 * in nanoseconds here. `process.cpuUsage` only knows its own process.
 */
export async function cpuMs(pid: number): Promise<number> {
  if (process.platform !== 'linux') return NaN
  const threads = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(
    threads.map(async (thread) => {
      // A thread may end between the two calls. Its time is lost, and is short.
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')
      return Number(text.split(' ')[0]) / 1e6
    }),
  )
  return times.reduce((sum, time) => sum + time, 0)
}
