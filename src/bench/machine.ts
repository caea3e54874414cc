import os from 'node:os'
import type {BenchResult} from './result.js'
import {plural} from '../terminal/units.js'

type Machine = Omit<BenchResult['machine'], 'load_before' | 'load_after'>

export function describeMachine(): Machine {
  return {
    os: `${os.platform()} ${os.release()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory_bytes: os.totalmem(),
  }
}

/** Load average of the last minute; 0 on Windows, which does not report it. */
export function loadAverage(): number {
  return os.loadavg()[0] ?? 0
}

/** A warning about other load on the machine, which affects the measurements. */
export function busyWarning(load: number, cores: number): string | undefined {
  if (load < cores * 0.25) return undefined
  return `The machine is busy: its load average is ${load.toFixed(1)} on ${plural(cores, 'core')}. Other processes make these figures worse and less certain.`
}
