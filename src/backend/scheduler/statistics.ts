import type {DurationSummary} from '../contract/status.js'
import {Durations} from './durations.js'

/** How a task ended. */
export type TaskOutcome = 'completed' | 'failed' | 'timed_out' | 'refused' | 'cancelled'

/** Outcomes of the tasks so far. Each submitted task waits, runs or has exactly one outcome. */
export class Statistics {
  private submitted = 0
  private readonly ended = {completed: 0, failed: 0, timed_out: 0, refused: 0, cancelled: 0}
  private readonly wait = new Durations()
  private readonly run = new Durations()

  countSubmitted(): void {
    this.submitted++
  }

  countStarted(waitedMs: number): void {
    this.wait.record(waitedMs)
  }

  countRun(ranMs: number): void {
    this.run.record(ranMs)
  }

  countEnded(outcome: TaskOutcome): void {
    this.ended[outcome]++
  }

  report(): {submitted: number} & Record<TaskOutcome, number> & {wait_ms: DurationSummary; run_ms: DurationSummary} {
    return {submitted: this.submitted, ...this.ended, wait_ms: this.wait.summary(), run_ms: this.run.summary()}
  }
}
