import {fromWire, NnError, type WireError} from '../../../errors.js'
import type {OutputMetadata} from '../../contract/types.js'
import type {DecodeCounts} from '../decode-counts.js'
import {takeEngine} from './engine-ahead.js'
import type {ChildDeath, EngineChild} from './engine-child.js'
import type {HeartbeatLimits} from './heartbeat.js'
import {fingerprintOf, suspectsOf, type DeathCause} from './suspects.js'
import type {
  EngineEvent,
  EngineInfo,
  EngineLogLevel,
  EngineOptions,
  EngineRequest,
  GenerateRequest,
  GenerateResult,
  SlotStatus,
  StateEvent,
  TextQuestions,
} from '../protocol.js'

/** An engine answers status requests between two steps; one that takes longer is stuck. */
const answerMs = 2000

/** Time limit for saving the caches of all slots, or for reading a folder of them, in milliseconds. */
const flushMs = 10_000

/** Evaluating a full batch of a 14 B model on a few cores takes one to two minutes. */
const longestDecodeMs = 300_000

export interface EngineHandlers {
  onProgress?: (fraction: number) => void
  onLog?: (level: EngineLogLevel, message: string) => void
  /** A session's cache was saved, or a saved cache was removed. */
  onState?: (event: StateEvent) => void
  /** The process ended unexpectedly. Returns the errors of its requests. */
  onCrash?: (death: EngineDeath) => CrashErrors
  /** Why a request is rejected before the engine gets it, if it is. */
  reject?: (fingerprint: () => string | undefined) => NnError | undefined
}

/** An engine that died, and the fingerprints of the requests that may have caused it. */
export interface EngineDeath {
  error: NnError
  cause: DeathCause
  suspects: readonly string[]
}

/** The error of a request that was running, by its fingerprint; of one that is no suspect without. */
export type CrashErrors = (fingerprint?: string) => NnError

/** A failure, with the text before it. */
function generationError(error: WireError, partial: GenerateResult | null): NnError {
  if (partial === null) return fromWire(error)
  const {text, metadata} = partial
  return fromWire({...error, partial: {text, metadata}})
}

interface Waiting {
  message: EngineRequest
  resolve: (event: EngineEvent) => void
  reject: (error: NnError) => void
  onText?: ((text: string) => void) | undefined
  /** Error of the caller's `onText`: the generation ends with it. */
  thrown?: NnError
}

/** A running generation. */
export interface GenerationHandle {
  result: Promise<GenerateResult>
  abort: () => void
  /** Generates one more token (`pace: 'step'`); `undefined` when the answer is complete. */
  advance: () => Promise<{text: string; metadata: OutputMetadata} | undefined>
}

/** The host's side of an engine process: starts it, talks to it, detects a crash, ends it. */
export class EngineProcess {
  private readonly waiting = new Map<number, Waiting>()
  private readonly stepping = new Map<number, (event: EngineEvent) => void>()
  private lastId = 0
  private expectedExit = false
  /** Why requests can no longer be answered, if they cannot. */
  private gone: NnError | undefined

  private constructor(
    private readonly child: EngineChild,
    readonly info: EngineInfo,
    private readonly handlers: EngineHandlers,
  ) {
    child.letGo()
    child.onMessage((event) => this.receive(event))
    void child.died.then((death) => {
      if (!this.expectedExit) this.crash(death)
    })
  }

  /**
   * Starts a process and loads the model in it.
   * @param limits when it counts as hung; defaults to `heartbeatLimits`
   * @throws `runtime_error` if llama.cpp cannot load the model, or the process crashes or hangs; the signal's reason.
   */
  static async start(
    options: EngineOptions,
    handlers: EngineHandlers,
    {signal, limits}: {signal?: AbortSignal; limits?: HeartbeatLimits | undefined} = {},
  ): Promise<EngineProcess> {
    signal?.throwIfAborted()
    const child = takeEngine(options.samplingThreads, limits)
    const abort = (): void => void child.end()
    signal?.addEventListener('abort', abort)
    try {
      const info = await new Promise<EngineInfo>((resolve, reject) => {
        child.onMessage((event) => {
          if (event.type === 'ready') resolve(event.info)
          else if (event.type === 'fatal') reject(fromWire(event.error))
          else if (event.type === 'log') handlers.onLog?.(event.level, event.message)
          else if (event.type === 'progress') tell(() => handlers.onProgress?.(event.fraction), reject)
          else if (isStateEvent(event)) handlers.onState?.(event)
        })
        void child.died.then(({error}) => reject(error))
        child.send({type: 'start', options})
      })
      signal?.throwIfAborted()
      return new EngineProcess(child, info, handlers)
    } catch (error) {
      await child.end()
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  get pid(): number {
    return this.info.pid
  }

  generate(request: GenerateRequest, onText?: (text: string) => void): GenerationHandle {
    const id = ++this.lastId
    const result = this.request({type: 'generate', id, request}, id, onText).then((event) => {
      if (event.type !== 'done')
        throw new NnError('runtime_error', `The engine answered ${event.type} to a generation.`)
      return event.result
    })
    const over = result.then(
      () => undefined,
      (error: unknown) => {
        throw error
      },
    )
    // The caller of the steps also awaits the result, so the rejection is handled later.
    over.catch(() => undefined)
    return {
      result,
      abort: () => this.send({type: 'abort', id}),
      advance: () => {
        const step = new Promise<{text: string; metadata: OutputMetadata}>((resolve) => {
          this.stepping.set(id, (event) => {
            if (event.type === 'stepped') resolve({text: event.text, metadata: event.metadata})
          })
        })
        this.send({type: 'advance', id})
        return Promise.race([step, over])
      },
    }
  }

  /** Asks about texts and tokens. */
  async text<Question extends keyof TextQuestions>(
    question: Question,
    ...args: Parameters<TextQuestions[Question]>
  ): Promise<ReturnType<TextQuestions[Question]>> {
    const id = ++this.lastId
    const event = await this.request({type: 'text', id, question, args}, id)
    if (event.type !== 'told')
      throw new NnError('runtime_error', `The engine answered ${event.type} to the question ${question}.`)
    return event.answer as ReturnType<TextQuestions[Question]>
  }

  /** A text's vector, of length 1. @throws `prompt_too_long`, `invalid_argument` for a text without tokens. */
  async embed(text: string): Promise<{vector: Float32Array; tokens: number}> {
    const id = ++this.lastId
    const event = await this.request({type: 'embed', id, text}, id)
    if (event.type !== 'embedded') throw new NnError('runtime_error', `The engine answered ${event.type} to a text.`)
    return event
  }

  /**
   * Whether it hangs: its process does not answer, or a single decode takes too long. A decode cannot be cancelled, and
   * takes long for a large model on a CPU.
   */
  async isStuck(): Promise<boolean> {
    try {
      return (await this.inspect()).decodingMs > longestDecodeMs
    } catch (error) {
      if (error instanceof NnError && error.reason === 'engine_silent') return true
      throw error
    }
  }

  /** State of the slots. @throws `timeout` if the engine does not answer. */
  async inspect(): Promise<{slots: SlotStatus[]; decodingMs: number; counts: DecodeCounts}> {
    const id = ++this.lastId
    const timer = setTimeout(() => {
      this.takeWaiting(id)?.reject(new NnError('engine_silent', `The engine process ${this.pid} does not answer.`))
    }, answerMs)
    try {
      const event = await this.request({type: 'slots', id}, id)
      if (event.type !== 'slots')
        throw new NnError('unknown', `The engine answered ${event.type} to a request for its slots.`)
      return event
    } finally {
      clearTimeout(timer)
    }
  }

  /** Reports that the file of a saved cache was removed. */
  drop(cache: string): void {
    this.send({type: 'drop', cache})
  }

  /** Reads the saved caches that another engine left in the folder of this one. Gives up after some seconds. */
  adopt(): Promise<void> {
    return this.flush('adopt')
  }

  /** Saves the caches of all slots. Gives up after some seconds; then the caches are lost with the process. */
  saveCaches(): Promise<void> {
    return this.flush('save')
  }

  private async flush(type: 'adopt' | 'save'): Promise<void> {
    const id = ++this.lastId
    const timer = setTimeout(() => this.takeWaiting(id)?.resolve({type: 'flushed', id}), flushMs)
    try {
      await this.request({type, id}, id)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Reports that this session was removed and does not need its cache again. */
  forget(session: string): void {
    this.send({type: 'forget', session})
  }

  /** Kills a process that does not respond; it counts as crashed for this reason. */
  kill(why: string): void {
    this.child.kill(why)
  }

  /** Whether it was killed because it hung. */
  get killed(): boolean {
    return this.child.killed
  }

  /** Ends the process; its memory is free when this resolves. What is running fails, for this reason. */
  async stop(reason = new NnError('model_unloaded', 'The model was unloaded.')): Promise<void> {
    this.expectedExit = true
    this.gone ??= reason
    this.failAll(this.gone)
    await this.child.end()
  }

  private request(message: EngineRequest, id: number, onText?: (text: string) => void): Promise<EngineEvent> {
    const rejected = this.gone ?? this.handlers.reject?.(() => fingerprintOf(message))
    if (rejected !== undefined) return Promise.reject(rejected)
    // The output of the next crash belongs to this request, not to an earlier one.
    if (this.waiting.size === 0) this.child.forgetOutput()
    this.child.awaited(true)
    return new Promise((resolve, reject) => {
      this.waiting.set(id, {message, resolve, reject, onText})
      this.send(message)
    })
  }

  private send(message: EngineRequest): void {
    this.child.send(message)
  }

  private receive(event: EngineEvent): void {
    switch (event.type) {
      case 'texts':
        for (const [id, text] of event.texts) {
          this.emitText(id, text)
        }
        break
      case 'stepped':
        this.stepping.get(event.id)?.(event)
        break
      case 'done':
      case 'told':
      case 'embedded':
      case 'slots':
      case 'flushed':
        this.finish(event)
        break
      case 'failed':
        this.takeWaiting(event.id)?.reject(generationError(event.error, event.partial))
        break
      case 'log':
        this.handlers.onLog?.(event.level, event.message)
        break
      case 'saved':
      case 'restored':
      case 'unsaved':
        // Ignore what it reports while it ends.
        if (this.gone === undefined) this.handlers.onState?.(event)
        break
      case 'ready':
      case 'progress':
      case 'fatal':
      case 'alive':
        break
    }
  }

  /** A caller's `onText` that throws ends only its own generation. */
  private emitText(id: number, text: string): void {
    const waiting = this.waiting.get(id)
    if (waiting === undefined || waiting.thrown !== undefined) return
    try {
      waiting.onText?.(text)
    } catch (error) {
      waiting.thrown = new NnError('runtime_error', `onText failed: ${String(error)}`, {cause: error})
      this.send({type: 'abort', id})
    }
  }

  private finish(event: EngineEvent & {id: number}): void {
    const waiting = this.takeWaiting(event.id)
    if (waiting?.thrown !== undefined) waiting.reject(waiting.thrown)
    else waiting?.resolve(event)
  }

  private takeWaiting(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    this.stepping.delete(id)
    if (this.waiting.size === 0) this.child.awaited(false)
    return waiting
  }

  private crash({error, cause, work}: ChildDeath): void {
    if (this.gone !== undefined) return
    this.gone = error
    const suspects = new Map<number, string>()
    for (const id of suspectsOf(work, cause)) {
      const message = this.waiting.get(id)?.message
      const fingerprint = message && fingerprintOf(message)
      if (fingerprint !== undefined) suspects.set(id, fingerprint)
    }
    const errors = this.handlers.onCrash?.({error, cause, suspects: [...new Set(suspects.values())]})
    for (const [id, {reject}] of this.waiting) {
      this.takeWaiting(id)
      reject(errors?.(suspects.get(id)) ?? error)
    }
  }

  private failAll(error: NnError): void {
    for (const [id, {reject}] of this.waiting) {
      this.takeWaiting(id)
      reject(error)
    }
  }
}

function isStateEvent(event: EngineEvent): event is StateEvent {
  return event.type === 'saved' || event.type === 'restored' || event.type === 'unsaved'
}

/** A caller's callback that throws fails the load, not the process. */
function tell(callback: () => void, reject: (error: NnError) => void): void {
  try {
    callback()
  } catch (error) {
    reject(new NnError('runtime_error', `onProgress failed: ${String(error)}`, {cause: error}))
  }
}
