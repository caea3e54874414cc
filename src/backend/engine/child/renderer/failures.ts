import {NnError} from '../../../../errors.js'
import {bytes, duration} from '../../../../terminal/units.js'
import {otherTemplate} from '../prompt/chat-template.js'
import type {RenderLimits} from './limits.js'
import type {LimitName} from './watch.js'

/** How a renderer process ended while it rendered. */
export interface RendererDeath {
  limit: LimitName | undefined
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that somebody else has ended, such as the system when its memory is full: the template is not the cause. */
export function isForeign({limit, signal}: RendererDeath): boolean {
  return limit === undefined && (signal === 'SIGKILL' || signal === 'SIGTERM')
}

/** The error of the request that ended the process. */
export function fatalTemplate(death: RendererDeath, limits: RenderLimits): NnError {
  return new NnError('invalid_template', `The model's chat template ${what(death, limits)}`, {hint: otherTemplate})
}

function what({limit, code, signal}: RendererDeath, {cpuMs, memoryBytes}: RenderLimits): string {
  if (limit === 'time') return `was ended after ${duration(cpuMs)} of CPU time: it did not finish.`
  if (limit === 'memory') return `was ended when it had taken ${bytes(memoryBytes)}, its limit of memory.`
  if (signal === 'SIGSEGV' || signal === 'SIGBUS') {
    return `ended the process that renders it (${signal}): it is nested too deeply, or calls itself without end.`
  }
  return `ended the process that renders it (${signal ?? `exit code ${code ?? 'unknown'}`}).`
}

/** The error of a rendered text beyond its limit. */
export function oversized(characters: number, limits: RenderLimits): NnError {
  return new NnError(
    'invalid_template',
    `The model's chat template wrote ${characters} characters for this conversation; the limit is ${limits.characters}.`,
    {hint: otherTemplate},
  )
}

/** The error of a request whose process did nothing: it was stopped from outside, or has no share of the CPU. */
export function silentRenderer({cpuMs}: RenderLimits, factor: number): NnError {
  return new NnError(
    'runtime_error',
    `The process that renders chat templates was ended: it has not answered for ${duration(factor * cpuMs)}.`,
    {hint: 'Look at the load of the machine, and try again.'},
  )
}

/** The renderer could not be started, or ended before it was asked anything. */
export function noRenderer(
  {code, signal}: Pick<RendererDeath, 'code' | 'signal'>,
  stderr: string,
  cause: Error | undefined,
): NnError {
  const how = signal ?? `exit code ${code ?? 'unknown'}`
  const why = cause?.message ?? `${how}${stderr === '' ? '' : `: ${stderr.slice(-500)}`}`
  return new NnError('runtime_error', `The process that renders chat templates did not start: ${why}`, {
    hint: 'Try again. If it happens again, look at the memory and the number of processes of the machine.',
    cause,
  })
}
