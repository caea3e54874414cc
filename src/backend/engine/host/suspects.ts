import {createHash} from 'node:crypto'
import type {Work} from '../work-note.js'
import type {EngineRequest} from '../protocol.js'

/**
 * Why a process died. `fault`: it crashed. `blocked`: it computed without end and was ended. `outside`: somebody
 * killed or stopped it, or a driver failed; what it worked on need not be the cause.
 */
export type DeathCause = 'fault' | 'blocked' | 'outside'

/** The requests that may have caused the death. */
export function suspectsOf({reading, running, computes}: Work, cause: DeathCause): readonly number[] {
  if (cause === 'outside') return reading
  if (reading.length === 0) return running
  // Evaluating does not block the event loop. A crash may come from any of its threads.
  return cause === 'fault' && computes ? [...reading, ...running] : reading
}

/** Identifies a request by everything that the engine computes with; `undefined` for one that computes nothing. */
export function fingerprintOf(message: EngineRequest): string | undefined {
  const contents = contentsOf(message)
  if (contents === undefined) return undefined
  // The tokens of earlier answers follow from their texts.
  const text = JSON.stringify(contents, (key, value: unknown) => (key === 'tokens' ? undefined : value))
  return createHash('sha256').update(text).digest('hex')
}

function contentsOf(message: EngineRequest): unknown {
  if (message.type === 'embed') return [message.type, message.text]
  if (message.type === 'text') return [message.type, message.question, message.args]
  if (message.type !== 'generate') return undefined
  const {prompt, sampling, stopping, contextShift, contextSize, deterministic} = message.request
  // With another seed it is the same request.
  return [message.type, prompt, {...sampling, seed: undefined}, stopping, contextShift, contextSize, deterministic]
}
