import path from 'node:path'
import {setImmediate} from 'node:timers/promises'
import type {LinearPattern} from '../../../documents/linear-pattern.js'
import {NnError, toWire} from '../../../errors.js'
import type {Addon, AddonContext} from './addon-types.js'
import type {LoadedAddon} from './addon.js'
import {BatchLoop, type LoopEvents, type LoopSettings} from './batch-loop.js'
import {engineClocks} from './decoder.js'
import {TextEmbedder} from './embedder.js'
import {Generation} from './generation.js'
import {loadModel, type LogTail} from './load.js'
import {EngineModel, type PromptTokens} from './model.js'
import type {
  EngineEvent,
  EngineInfo,
  EngineOptions,
  GenerateRequest,
  GenerateResult,
  Prompt,
  StoreSettings,
  TextQuestions,
} from '../protocol.js'
import {PrefixStore} from './prefix-store.js'
import {checkTemplate, needsTemplate} from './renderer/check-template.js'
import type {TemplateRenderer} from './renderer/template-renderer.js'
import {fitPrompt} from './prompt/fit-prompt.js'
import {textQuestions} from './prompt/text-questions.js'
import {createSampler} from './sampling/create.js'
import {Grammars} from './sampling/grammars.js'
import {randomSeed} from '../../../system/random.js'
import {Slots} from './slots.js'
import {warmUp} from './warm-up.js'
import type {WorkNoter} from './work-noter.js'

/** Texts of answers go to the host at most this often, in milliseconds: nobody sees the difference. */
const textsEveryMs = 4

/** One loaded model: runs the host's requests and reports through `send`. */
export class Engine {
  private readonly generations = new Map<number, Promise<Generation | undefined>>()
  /** Aborts those whose prompts are not ready. */
  private readonly starting = new Map<number, AbortController>()
  private readonly loop: BatchLoop
  private readonly grammars: Grammars
  private texts: [number, string][] = []
  private flushedAt = 0

  static async load(
    loaded: LoadedAddon,
    options: EngineOptions,
    log: LogTail,
    send: (event: EngineEvent) => void,
    {note, templates}: {note: WorkNoter; templates: TemplateRenderer},
  ): Promise<Engine> {
    const {model, context, info} = await loadModel(loaded, options, log, (fraction) =>
      send({type: 'progress', fraction}),
    )
    const engineModel = new EngineModel(model, info.vocabularySize, (...args) => templates.render(...args))
    // The warm-up computes on other threads.
    const [warnings] = await Promise.all([
      warmUp(loaded.addon, context, engineModel),
      prepareTemplate(templates, engineModel, options),
    ])
    info.warnings.push(...warnings)
    const {token_gap_ms: longestGapMs, batch_timeout_ms: gatherMs} = options.performance
    const store = new PrefixStore(context, withBuild(options.store, loaded), {
      saved: (state) => send({type: 'saved', ...state}),
      restored: (id, ms) => send({type: 'restored', id, ms}),
      unsaved: (id, reason) => send({type: 'unsaved', id, reason}),
      failed: (message) => send({type: 'log', level: 'warn', message}),
    })
    await store.adopt()
    const slots = new Slots(context, info.slots, store, options.partialCaches, options.canShift, info.contextSize)
    const settings = {batchSize: info.batchSize, longestGapMs, gatherMs}
    const embedder = new TextEmbedder(loaded.addon, engineModel, options, info.batchSize)
    return new Engine(loaded.addon, engineModel, context, info, slots, settings, embedder, store, send, note)
  }

  private constructor(
    private readonly addon: Addon,
    private readonly model: EngineModel,
    private readonly context: AddonContext,
    readonly info: EngineInfo,
    private readonly slots: Slots,
    settings: LoopSettings,
    private readonly embedder: TextEmbedder,
    private readonly store: PrefixStore,
    private readonly send: (event: EngineEvent) => void,
    private readonly note: WorkNoter,
  ) {
    this.grammars = new Grammars(model)
    const events: LoopEvents = {
      progressed: (generation, {text, ended}) => {
        if (generation.request.stream && text !== '') this.texts.push([generation.id, text])
        if (generation.request.pace === 'step' && (!ended || text !== '')) {
          send({type: 'stepped', id: generation.id, text, metadata: generation.metadata()})
        }
      },
      stepped: (waits) => this.flushSometimes(waits),
      finished: (generation) => this.finish(generation),
      computing: (ids) => note.startComputing(ids),
      computed: () => note.endComputing(),
    }
    this.loop = new BatchLoop(context, this.slots, settings, events, engineClocks(info))
  }

  generate(id: number, request: GenerateRequest): void {
    const aborter = new AbortController()
    this.starting.set(id, aborter)
    const starting = this.note
      .whileReading(id, () => this.start(id, request, aborter.signal))
      .catch((error: unknown) => {
        this.generations.delete(id)
        if (aborter.signal.aborted) this.send({type: 'done', id, result: this.abortedEarly(request)})
        else this.send({type: 'failed', id, error: toWire(error), partial: null})
        return undefined
      })
      .finally(() => this.starting.delete(id))
    this.generations.set(id, starting)
    this.whenStarted(id, (generation) => this.loop.add(generation))
  }

  /** Requests about a generation may arrive while it is being prepared; they run in order. */
  private whenStarted(id: number, act: (generation: Generation) => void): void {
    void this.generations.get(id)?.then((generation) => {
      if (generation !== undefined) act(generation)
    })
  }

  private async start(id: number, request: GenerateRequest, signal: AbortSignal): Promise<Generation> {
    const tokenize = (wanted: Prompt, most: number): Promise<PromptTokens> =>
      this.model.tokenizeUpTo(most, wanted, signal)
    const {tokens: prompt, turns, dropped} = await fitPrompt(request, tokenize)
    const patterns = await compilePatterns(request.stopping.patterns)
    signal.throwIfAborted()
    const slot = this.slots.take(prompt, request.session)
    if (slot === undefined) throw new NnError('runtime_error', `All ${this.info.slots} slots are in use.`)
    try {
      const seed = request.sampling.seed < 0 ? randomSeed() : request.sampling.seed
      const tokens: {recent: () => readonly number[]} = {recent: () => [...prompt]}
      const sampler = await createSampler(this.addon, this.context, this.model, this.grammars, {
        sampling: request.sampling,
        forbidden: request.stopping.forbidden_tokens,
        ignoreEos: request.sampling.ignore_eos || request.stopping.ignore_eos,
        seed,
        contextSize: request.contextSize,
        recent: () => tokens.recent(),
      })
      const {llamaBuild: release, llamaCommit: commit} = this.info
      const now = (): number => performance.now()
      // On a CPU rows cost about as much as the tokens that they spare (docs/benchmarks.md).
      const guesses = request.promptLookup === 'auto' ? this.info.gpuLayers > 0 : request.promptLookup
      const generation = new Generation({
        ...{id, request, prompt, turns, dropped, slot, sampler, patterns, model: this.model, guesses, seed},
        ...{build: {release, commit}, now},
      })
      tokens.recent = () => [...prompt, ...generation.tokens]
      return generation
    } catch (error) {
      this.slots.release(slot)
      throw error
    }
  }

  advance(id: number): void {
    this.whenStarted(id, (generation) => {
      generation.credits++
      this.loop.wake()
    })
  }

  /** Ends a generation wherever it is. */
  abort(id: number): void {
    this.starting.get(id)?.abort()
    this.whenStarted(id, (generation) => {
      if (generation.ended !== undefined) return
      const {text} = generation.end('aborted')
      if (generation.request.stream && text !== '') this.texts.push([id, text])
      this.loop.wake()
    })
  }

  /** Answers a question about texts and tokens. */
  tell(id: number, question: keyof TextQuestions, args: unknown[]): void {
    this.note
      .whileReading(id, () => (textQuestions(this.model)[question] as (...args: unknown[]) => unknown)(...args))
      .then((answer) => this.send({type: 'told', id, answer}))
      .catch((error: unknown) => this.send({type: 'failed', id, error: toWire(error), partial: null}))
  }

  embed(id: number, text: string): void {
    this.embedder
      .embed(text, (work) => this.loop.between(() => this.note.whileReading(id, work)))
      .then((embedded) => this.send({type: 'embedded', id, ...embedded}))
      .catch((error: unknown) => this.send({type: 'failed', id, error: toWire(error), partial: null}))
  }

  /** How long the current decode has run, in milliseconds; 0 if there is none. */
  get decodingMs(): number {
    return this.loop.decodingMs
  }

  reportSlots(id: number): void {
    this.send({type: 'slots', id, slots: this.slots.status(), decodingMs: this.decodingMs, counts: this.loop.counts})
  }

  /** The file of a saved cache was removed; its tokens in slots stay. */
  drop(cache: string): void {
    this.store.forget(cache)
  }

  /** Adds what another engine saved in the meantime. */
  adopt(id: number): void {
    void this.store.adopt().then(() => this.send({type: 'flushed', id}))
  }

  /** Saves the caches of all slots before the process ends, so that another one can continue from them. */
  saveAll(id: number): void {
    void this.loop.between(() => this.slots.saveAll()).then(() => this.send({type: 'flushed', id}))
  }

  /** The session was removed. */
  forget(session: string): void {
    this.slots.forget(session)
  }

  /** The answer to a request that was aborted before it had a prompt. */
  private abortedEarly({sampling, droppedBefore}: GenerateRequest): GenerateResult {
    const {llamaBuild, llamaCommit} = this.info
    return {
      text: '',
      tokens: null,
      stopReason: 'aborted',
      cacheSource: 'none',
      droppedMessages: 0,
      metadata: {
        input_tokens: 0,
        output_tokens: 0,
        stop_reason: 'aborted',
        prompt_ms: 0,
        predict_ms: 0,
        ttft_ms: 0,
        cached_tokens: 0,
        ...(droppedBefore > 0 && {dropped_messages: droppedBefore}),
        seed: sampling.seed,
        llama_build: llamaBuild,
        llama_commit: llamaCommit,
      },
    }
  }

  private finish(generation: Generation): void {
    this.flush()
    this.generations.delete(generation.id)
    const {id, error} = generation
    const result = generation.result()
    this.send(
      error === undefined ? {type: 'done', id, result} : {type: 'failed', id, error: toWire(error), partial: result},
    )
  }

  /** A message costs as much as a token of a small model: at their pace, several tokens share one. */
  private flushSometimes(waits: boolean): void {
    if (waits || performance.now() - this.flushedAt >= textsEveryMs) this.flush()
  }

  private flush(): void {
    this.flushedAt = performance.now()
    if (this.texts.length === 0) return
    this.send({type: 'texts', texts: this.texts})
    this.texts = []
  }
}

/** @throws `invalid_template` if prompts need the template and it cannot be rendered */
async function prepareTemplate(templates: TemplateRenderer, model: EngineModel, options: EngineOptions): Promise<void> {
  const specials = await model.listSpecials()
  templates.prepare({template: options.header.chatTemplate, ...model.edges, specials})
  if (needsTemplate(options)) await checkTemplate(templates, options.model.template_variables)
}

/** A pattern takes up to some 10 ms. Other answers go on between two of them. */
async function compilePatterns(sources: readonly string[]): Promise<LinearPattern[]> {
  if (sources.length === 0) return []
  // Few requests have patterns; loading the library would delay each start.
  const {LinearPattern} = await import('../../../documents/linear-pattern.js')
  const compiled: LinearPattern[] = []
  for (const source of sources) {
    compiled.push(LinearPattern.compile(source))
    await setImmediate()
  }
  return compiled
}

/** Caches of another llama.cpp build are not read. */
function withBuild(store: StoreSettings | null, {build, commit}: LoadedAddon): StoreSettings | null {
  return store === null ? null : {...store, folder: path.join(store.folder, `${build}-${commit.slice(0, 12)}`)}
}
