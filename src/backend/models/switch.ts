import type {SwitchMode, SwitchOptions, SwitchPhase, SwitchReport} from '../contract/switch.js'
import type {ParsedConfig} from '../../config/index.js'
import {NnError, toNnError} from '../../errors.js'
import type {Logger} from '../logging/logger.js'
import type {Scheduler} from '../scheduler/scheduler.js'
import type {Graph} from './graph.js'
import type {LoadedModel} from './loaded-model.js'
import type {Registry} from './registry.js'

export interface SwitchParts {
  registry: Registry
  scheduler: Scheduler
  logger: Logger
}

/** The new model. */
export interface SwitchTarget {
  name: string
  parsed: ParsedConfig
}

/**
 * Replaces the model of a graph. Running tasks finish on the old model, queued ones run on the new one, and sessions
 * keep their histories. After a failure the old model stays.
 */
export class ModelSwitch {
  private readonly phases: SwitchReport['phases'] = []
  private mode: SwitchMode
  private modeReason: string | undefined
  private downtimeMs = 0

  constructor(
    private readonly graph: Graph,
    private readonly target: SwitchTarget,
    private readonly options: SwitchOptions,
    private readonly parts: SwitchParts,
  ) {
    this.mode = options.mode ?? 'overlap'
  }

  /** @throws errors of loading; the old model stays then. */
  async run(): Promise<SwitchReport> {
    const {graph, parts} = this
    if (graph.switching) {
      throw new NnError('switch_running', `Graph ${graph.id} is already being switched.`, {
        hint: 'Wait until that switch ends.',
      })
    }
    graph.switching = true
    const old = graph.model
    const before = {bytes: await parts.registry.residentBytes(), completed: parts.scheduler.status().completed}
    try {
      const next = await this.phase('check', () => this.check(old))
      await (this.mode === 'drain' ? this.drain(old, next) : this.overlap(old, next))
      return await this.report(old, before)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      parts.logger.log('error', 'MODEL', 'switch failed', {
        graph: graph.id,
        from: old.parts.name,
        to: this.target.name,
        reason,
      })
      throw error
    } finally {
      graph.switching = false
    }
  }

  /** The new model, checked; decides whether both fit. */
  private async check(old: LoadedModel): Promise<LoadedModel> {
    const {registry} = this.parts
    const {name, parsed} = this.target
    const file = registry.fileOf(name)
    if (this.mode === 'drain') return registry.prepare(name, file, parsed, old)
    try {
      return await registry.prepare(name, file, parsed)
    } catch (error) {
      if (!(error instanceof NnError) || error.reason !== 'model_too_large') throw error
      this.mode = 'drain'
      this.modeReason = `Both models do not fit: ${error.message}`
      return registry.prepare(name, file, parsed, old)
    }
  }

  private async overlap(old: LoadedModel, next: LoadedModel): Promise<void> {
    await this.phase('load', () => this.parts.registry.start(next, this.options))
    await this.swap(next)
    this.cancelIfAsked(old)
    try {
      await this.phase('finish', () => this.finished(old))
    } catch (error) {
      this.discardWhenIdle(old)
      throw error
    }
    await this.phase('unload', () => this.parts.registry.discard(old))
  }

  /** The caller does not wait for tasks on the old model, because the new one already serves. */
  private discardWhenIdle(old: LoadedModel): void {
    const {registry, logger} = this.parts
    old
      .idle()
      .then(() => registry.discard(old))
      .catch((error: unknown) => {
        logger.log('error', 'MODEL', 'model not unloaded', {model: old.parts.name, reason: toNnError(error).message})
      })
  }

  private async drain(old: LoadedModel, next: LoadedModel): Promise<void> {
    const {graph, parts} = this
    parts.scheduler.pauseLane(graph.id, true)
    const from = performance.now()
    try {
      this.cancelIfAsked(old)
      await this.phase('finish', () => this.finished(old))
      await this.phase('unload', () => old.suspend())
      await this.loadOrRollBack(old, next)
      await this.swap(next)
      await parts.registry.discard(old)
    } finally {
      this.downtimeMs = performance.now() - from
      parts.scheduler.pauseLane(graph.id, false)
    }
  }

  private async loadOrRollBack(old: LoadedModel, next: LoadedModel): Promise<void> {
    try {
      await this.phase('load', () => this.parts.registry.start(next, this.options))
    } catch (error) {
      await this.phase('rollback', () => old.resume()).catch((second: unknown) => {
        const [why, whyNot] = [toNnError(error), toNnError(second)]
        throw new NnError(why.reason, `${why.message} The old model did not start again: ${whyNot.message}`, {
          cause: error,
        })
      })
      throw error
    }
  }

  private cancelIfAsked(old: LoadedModel): void {
    if (this.options.mode !== 'cancel') return
    old.cancel(new NnError('task_cancelled', 'The task was cancelled: its model was switched.'))
  }

  /** Wait until nothing runs on it, or the caller aborts. */
  private async finished(old: LoadedModel): Promise<void> {
    const {signal} = this.options
    signal?.throwIfAborted()
    let giveUp = (): void => undefined
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => reject(signal?.reason as Error)
      signal?.addEventListener('abort', giveUp)
    })
    try {
      await Promise.race([old.idle(), aborted])
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }

  /** From now on tasks start on the new model. */
  private async swap(next: LoadedModel): Promise<void> {
    const {registry, scheduler} = this.parts
    if (!registry.list().includes(this.graph)) {
      await registry.discard(next)
      throw new NnError('graph_not_loaded', `Graph ${this.graph.id} was unloaded while it was being switched.`)
    }
    this.graph.model = next
    scheduler.openLane(this.graph.id, next.parallelTasks)
  }

  private async phase<T>(phase: SwitchPhase, work: () => Promise<T>): Promise<T> {
    this.options.onPhase?.(phase)
    const from = performance.now()
    const result = await work()
    this.phases.push({phase, ms: performance.now() - from})
    return result
  }

  private async report(old: LoadedModel, before: {bytes: number; completed: number}): Promise<SwitchReport> {
    const {graph, parts, mode, modeReason, phases} = this
    const report: SwitchReport = {
      graph: graph.id,
      from: old.parts.name,
      to: this.target.name,
      mode,
      ...(modeReason !== undefined && {mode_reason: modeReason}),
      phases,
      served: parts.scheduler.status().completed - before.completed,
      downtime_ms: this.downtimeMs,
      memory_before_bytes: before.bytes,
      memory_after_bytes: await parts.registry.residentBytes(),
    }
    parts.logger.log('info', 'MODEL', 'model switched', {...report})
    return report
  }
}
