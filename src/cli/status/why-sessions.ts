import type {BackendStatus} from '../../backend/contract/status.js'
import {share, type Finding} from './finding.js'
import {plural} from '../../terminal/units.js'

/** From this share on, a limit is near. */
const near = 0.9
/** Minimum number of evicted caches for this hint. */
const fewDropped = 3

export function explainSessions({sessions, memory, queue, performance}: BackendStatus): Finding[] {
  return [
    ...explainHistories(sessions, memory),
    ...explainShortened(performance, sessions),
    ...explainLimits(sessions, queue.max_concurrent),
    ...explainCaches(memory.saved_caches, sessions),
  ]
}

function explainHistories(
  {write_error: reason, state_dir: folder}: BackendStatus['sessions'],
  {disks}: BackendStatus['memory'],
): Finding[] {
  // What is wrong with the disk says more.
  if (reason === null || disks.some(({use, problem}) => use === 'state' && problem !== null)) return []
  const text = `The histories of sessions cannot be written to ${folder ?? 'their folder'}: ${reason}.`
  return [{level: 'problem', text, fix: 'Free some disk space, or use another --state-dir.'}]
}

/** The answer to a shortened conversation may ignore what was said at its start. */
function explainShortened(
  {shortened_prompts: shortened, tasks}: BackendStatus['performance'],
  {sessions}: BackendStatus['sessions'],
): Finding[] {
  if (shortened === 0) return []
  const [worst] = sessions.toSorted((a, b) => b.dropped_messages - a.dropped_messages)
  const example =
    worst === undefined || worst.dropped_messages === 0
      ? ''
      : ` Session ${worst.id} now lacks ${worst.dropped_messages} of its ${worst.messages} messages.`
  return [
    {
      level: 'hint',
      text: `${share(shortened, tasks)} answers had a prompt without the oldest messages, which did not fit into the context.${example}`,
      fix: 'Raise model.ctx_size, or start a new session.',
    },
  ]
}

function explainLimits(sessions: BackendStatus['sessions'], maxConcurrent: number): Finding[] {
  const {active, max_sessions: most, auto_cleanup: cleans, contexts} = sessions
  const findings: Finding[] = []
  if (active >= near * most) {
    const then = cleans ? 'a new session evicts the least recently used one' : 'a new session fails'
    const text = `There are ${share(active, most)} sessions. At the limit, ${then}.`
    findings.push({level: cleans ? 'hint' : 'problem', text, fix: 'Raise backend.max_sessions.'})
  }
  if (contexts.length >= near * maxConcurrent) {
    const text = `${share(contexts.length, maxConcurrent)} execution contexts are open. At the limit, opening another one fails.`
    findings.push({level: 'hint', text, fix: 'Raise backend.max_concurrent, or close execution contexts.'})
  }
  return findings
}

/** Saving a cache that is evicted before its conversation returns is wasted work, and its prompt is evaluated again. */
function explainCaches(
  caches: BackendStatus['memory']['saved_caches'],
  sessions: BackendStatus['sessions'],
): Finding[] {
  const {saved, restored, dropped, failed, max_cache_tokens, tokens} = caches
  const findings: Finding[] = []
  if (dropped >= fewDropped && dropped > restored) {
    const cold = sessions.sessions.filter(({cache, messages}) => cache === 'none' && messages > 0).length
    const again = cold > 0 ? ` ${cold} of ${sessions.active} sessions had to evaluate their whole prompt again.` : ''
    findings.push({
      level: 'hint',
      text: `Saved caches are evicted before they are used: ${saved} saved, ${dropped} evicted, ${restored} restored (now ${plural(tokens, 'token')}).${again}`,
      fix: `Raise ${max_cache_tokens === 'auto' ? 'memory.max_cache_mb' : 'memory.max_cache_tokens'}. Or raise model.parallel, so that more sessions keep their slots.`,
    })
  }
  if (failed > 0) {
    const text = `${plural(failed, 'saved cache')} ${failed === 1 ? 'was' : 'were'} lost because of an error.`
    findings.push({level: 'problem', text, fix: 'The log has the reason. Check the free disk space.'})
  }
  return findings
}
