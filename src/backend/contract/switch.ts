import type {GraphId, LoadOptions} from './types.js'

/** How to replace the model of a graph; see `SwitchOptions.mode`. */
export const switchModes = ['overlap', 'drain', 'cancel'] as const
export type SwitchMode = (typeof switchModes)[number]

/** The phases of a switch, in order; `rollback` only if it failed after the old model ended. */
export type SwitchPhase = 'check' | 'load' | 'finish' | 'unload' | 'rollback'

export interface SwitchOptions extends LoadOptions {
  /**
   * `overlap` loads the new model while the old one serves, then swaps them. `drain` lets running tasks finish, unloads
   * the old model, and only then loads the new one. `cancel` is like `overlap`, but ends running tasks with
   * `runtime_error`. If both models do not fit into memory, the mode becomes `drain`. Defaults to `overlap`.
   */
  mode?: SwitchMode
  /** Called at the start of each phase. */
  onPhase?: (phase: SwitchPhase) => void
}

/** Report of a switch; times in milliseconds, sizes in bytes. */
export interface SwitchReport {
  graph: GraphId
  from: string
  to: string
  /** The mode that was used. */
  mode: SwitchMode
  /** Why the used mode differs from the requested one. */
  mode_reason?: string
  phases: {phase: SwitchPhase; ms: number}[]
  /** Tasks that completed during the switch. */
  served: number
  /** How long no model could start a task. */
  downtime_ms: number
  /** Resident memory of the host and all engines. */
  memory_before_bytes: number
  memory_after_bytes: number
}
