import {NnError} from '../errors.js'
import {TransientLine} from '../terminal/transient-line.js'
import type {Output} from '../terminal/style.js'
import type {Test} from './result.js'
import type {Target} from './target.js'
import {contextOf} from './tests.js'
import {openDaemonTargets} from './targets/daemon-target.js'
import {HttpTarget} from './targets/http-target.js'
import {LocalTarget, type LocalModel} from './targets/local-target.js'
import {plural} from '../terminal/units.js'

export interface Wanted {
  models: readonly LocalModel[]
  urls: readonly string[]
  apiKey: string | undefined
  /** Names of models in the daemon; empty: all; absent: no daemon. */
  daemon: {socket: string; names: readonly string[]} | undefined
}

export interface OpenTargets extends AsyncDisposable {
  targets: readonly Target[]
}

/**
 * Opens all targets. Servers come first, so that an unreachable one fails before a large model is loaded.
 *
 * @throws errors of opening; opened targets are released then
 */
export async function openTargets(
  {models, urls, apiKey, daemon}: Wanted,
  tests: readonly Test[],
  {signal, progress}: {signal: AbortSignal; progress: Output},
): Promise<OpenTargets> {
  const targets: Target[] = []
  const close = async (): Promise<void> => {
    for (const target of targets.splice(0)) await target[Symbol.asyncDispose]()
  }
  try {
    const servers: Target[] = []
    for (const url of urls) servers.push(await HttpTarget.open({url, apiKey, signal}))
    if (daemon !== undefined) targets.push(...(await openDaemonTargets(daemon.names, {socket: daemon.socket, signal})))
    for (const model of models) targets.push(await openLocal(model, signal, progress))
    targets.push(...servers)
    checkTargets(targets, tests)
    return {targets, [Symbol.asyncDispose]: close}
  } catch (error) {
    await close()
    throw error
  }
}

async function openLocal(model: LocalModel, signal: AbortSignal, progress: Output): Promise<Target> {
  const loading = `Loading ${model.name}…`
  using line = new TransientLine(progress, loading)
  const onProgress = (fraction: number): void => line.update(`${loading} ${Math.round(fraction * 100)} %`)
  return await LocalTarget.open(model, {signal, onProgress})
}

/** @throws `invalid_argument` for a test that a target does not support, or two targets with the same name */
function checkTargets(targets: readonly Target[], tests: readonly Test[]): void {
  for (const target of targets) {
    const {subject} = target
    if (targets.filter((other) => other.subject.name === subject.name).length > 1) {
      throw new NnError('invalid_argument', `${subject.name} is named twice.`, {
        hint: 'Name each server and each model of the daemon only once.',
      })
    }
    const whole = tests.find(({workload}) => workload === 'load' || workload === 'switch')
    if (whole !== undefined && target.reload === undefined) {
      throw new NnError('invalid_argument', `${whole.name} cannot be measured on ${subject.name}.`, {
        hint: 'It needs models that wnn bench loads itself. Name their files.',
      })
    }
    checkContext(subject, tests)
  }
}

function checkContext({name, engine}: Target['subject'], tests: readonly Test[]): void {
  if (engine === null) return
  const tooLong = tests.find((test) => contextOf(test) > engine.ctx_size)
  if (tooLong === undefined) return
  throw new NnError(
    'invalid_argument',
    `${tooLong.name} needs ${plural(contextOf(tooLong), 'token')}; the context size of ${name} is ${engine.ctx_size}.`,
    {hint: 'Raise model.ctx_size, or measure fewer tokens.'},
  )
}
