import os from 'node:os'
import type {BenchResult} from './result.js'

type Machine = Omit<BenchResult['machine'], 'load_before' | 'load_after'>

export function describeMachine(): Machine {
  return {
    os: `${os.platform()} ${os.release()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory_bytes: os.totalmem(),
  }
}

/** Processes that wanted a core, on average over the last minute; 0 on Windows, which does not tell. */
export function loadAverage(): number {
  return os.loadavg()[0] ?? 0
}

/** A word about a machine that does other work beside, which is measured along. */
export function busyWarning(load: number, cores: number): string | undefined {
  if (load < cores * 0.25) return undefined
  return `The machine is busy: its load average is ${load.toFixed(1)} on ${cores} cores. Other processes make these figures worse and less certain.`
}
