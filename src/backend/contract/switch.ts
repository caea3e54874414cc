import type {GraphId, LoadOptions} from './types.js'

/** How a graph gets another model; see `SwitchOptions.mode`. */
export const switchModes = ['overlap', 'drain', 'cancel'] as const
export type SwitchMode = (typeof switchModes)[number]

/** What a switch does, in this order; `rollback` only when it failed after the old model had ended. */
export type SwitchPhase = 'check' | 'load' | 'finish' | 'unload' | 'rollback'

export interface SwitchOptions extends LoadOptions {
  /**
   * `overlap` loads the new model while the old one serves, then swaps them; `drain` lets running tasks finish, ends the
   * old one, and only then loads the new one; `cancel` is `overlap` that ends running tasks with `runtime_error`. What
   * needs both models at once becomes `drain` where the memory does not allow it. Defaults to `overlap`.
   */
  mode?: SwitchMode
  /** Called as each phase begins. */
  onPhase?: (phase: SwitchPhase) => void
}

/** What a switch did; times are milliseconds, sizes bytes. */
export interface SwitchReport {
  graph: GraphId
  from: string
  to: string
  /** The mode that it was carried out in. */
  mode: SwitchMode
  /** Why that is not the mode that was asked for. */
  mode_reason?: string
  phases: {phase: SwitchPhase; ms: number}[]
  /** Tasks that were completed meanwhile. */
  served: number
  /** How long no model was able to take a task up. */
  downtime_ms: number
  /** Resident memory of the host and all engines. */
  memory_before_bytes: number
  memory_after_bytes: number
}
