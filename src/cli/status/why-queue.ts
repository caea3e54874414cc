import type {BackendStatus} from '../../backend/contract/status.js'
import {duration, plural} from '../../terminal/units.js'
import {share, type Finding} from './finding.js'

/** Minimum number of waiting tasks for this hint. */
const fewTasks = 5

export function explainQueue({queue, model}: BackendStatus): Finding[] {
  const {queued, queue_size: size, warning_threshold: threshold, refused, timed_out: timedOut} = queue
  const slots = model.graphs.reduce((sum, {parallel}) => sum + parallel, 0)
  const findings: Finding[] = []
  if (queued >= Math.max(1, Math.min(threshold, size))) {
    findings.push({
      level: 'problem',
      text: `The queue has ${share(queued, size)} tasks, and ${queue.running} run in ${plural(slots, 'slot')}. At ${queue.reject_threshold} it rejects further tasks.`,
      fix: 'Raise model.parallel to answer more tasks at a time, or backend.queue_size to let more wait.',
    })
  }
  if (refused > 0) {
    findings.push({
      level: 'problem',
      text: `${share(refused, queue.submitted)} tasks were rejected because the queue was full.`,
      fix: 'Raise backend.queue_size and backend.queue_reject_threshold, or send fewer tasks at a time.',
    })
  }
  if (timedOut > 0) {
    const {default_task_timeout_ms: limitMs} = queue
    const deadline = limitMs === 0 ? 'own timeout_ms' : `deadline of ${duration(limitMs)} (or their own timeout_ms)`
    const raise = limitMs === 0 ? 'their timeout_ms' : 'backend.default_task_timeout_ms'
    findings.push({
      level: 'problem',
      text: `${share(timedOut, queue.submitted)} tasks exceeded their ${deadline}.`,
      fix: `Raise ${raise}, shorten answers with max_tokens, or, if they waited, raise model.parallel.`,
    })
  }
  const {wait_ms: wait, run_ms: run} = queue
  if (wait.count >= fewTasks && wait.p95 > run.p50 && wait.p95 > 1000) {
    findings.push({
      level: 'hint',
      text: `Tasks wait longer than they run: they wait up to ${duration(wait.p95)} (95 %) and run for ${duration(run.p50)} (median).`,
      fix: `Raise model.parallel (now ${slots} over all models).`,
    })
  }
  return findings
}
