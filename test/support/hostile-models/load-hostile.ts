import {rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import type {Core} from '../../../src/backend/contract/core.js'
import {NnError} from '../../../src/errors.js'
import type {HostileFile} from './hostile-file.js'

/**
 * What became of a file: it was answered from, a check of this project rejected it, llama.cpp did with an error, the engine
 * died, or an error came that should not.
 */
export const outcomes = ['answered', 'rejected by a check', 'rejected by llama.cpp', 'engine killed', 'other'] as const
type Outcome = (typeof outcomes)[number]

export interface Result {
  name: string
  outcome: Outcome
  /** The error, or the answer with the warnings of the model. */
  detail: string
  ms: number
}

/** Loads a file in an engine process and asks for a short answer. */
export async function loadHostile(backend: Core, {name, bytes}: HostileFile, folder: string): Promise<Result> {
  const file = path.join(folder, 'hostile.gguf')
  await writeFile(file, bytes())
  const from = performance.now()
  const result = await load(backend, file)
  const ms = performance.now() - from
  await rm(file)
  return {name, ...result, ms}
}

async function load(backend: Core, file: string): Promise<Pick<Result, 'outcome' | 'detail'>> {
  let graph: number | undefined
  try {
    graph = await backend.load({name: file})
    const options = {max_tokens: 4, temp: 0, timeout_ms: 20_000}
    const {text} = await backend.answer({graph}, {input: 'Hello!', options})
    const [status] = await backend.graphs()
    return {outcome: 'answered', detail: [JSON.stringify(text), ...(status?.warnings ?? [])].join(' ')}
  } catch (error) {
    return {
      outcome: outcomeOf(error),
      detail: error instanceof NnError ? `${error.reason}: ${error.message}` : String(error),
    }
  } finally {
    if (graph !== undefined) await backend.unload(graph)
  }
}

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof NnError)) return 'other'
  const {reason} = error
  if (['engine_died', 'engine_failed', 'request_killed_engine'].includes(reason)) return 'engine killed'
  if (['invalid_model', 'invalid_template', 'model_too_large', 'model_not_found'].includes(reason))
    return 'rejected by a check'
  return reason === 'runtime_error' ? 'rejected by llama.cpp' : 'other'
}
