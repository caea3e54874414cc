import os from 'node:os'
import path from 'node:path'
import {
  configFromObject,
  parseConfig,
  parseRuntimeOptions,
  runtimeOptionsFromObject,
  type Config,
  type ParsedConfig,
  type RuntimeOptions,
} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {checkList, checkObject, checkOneOf, checkSource, checkString} from '../contract/arguments.js'
import {requestDefaults} from '../contract/core.js'
import type {
  Answer,
  AnswerOptions,
  AnswerRequest,
  AnswerTarget,
  ChatTurn,
  OpenConversation,
  Core,
  GraphConfig,
  LoadModelOptions,
  ModelSource,
  OpenOptions,
  PromptCount,
  RenderedPrompt,
  Step,
  TokenizedText,
  TokenizeOptions,
} from '../contract/core.js'
import {statusTypes, type BackendStatus, type GraphStatus, type StatusType} from '../contract/status.js'
import {switchModes, type SwitchOptions, type SwitchReport} from '../contract/switch.js'
import type {ContextId, Embeddings, EmbedOptions, GraphId} from '../contract/types.js'
import {unpackTokens} from '../engine/packed-tokens.js'
import type {EngineProcess} from '../engine/host/engine-process.js'
import {cacheFolder, pruneCaches} from '../memory/cache-folder.js'
import type {Graph} from '../models/graph.js'
import {removeLeftovers} from '../models/leftovers.js'
import {ModelSwitch} from '../models/switch.js'
import {temporarySession} from '../sessions/session-store.js'
import {StateDir} from '../sessions/state-dir.js'
import {answer} from './contexts/answer.js'
import {embedTexts} from './contexts/embed.js'
import type {ExecutionContext} from './contexts/execution-context.js'
import {countPrompt, renderPrompt} from './contexts/prompt.js'
import {endSingle, endSteps, takeStep} from './contexts/single-step.js'
import type {InitOptions} from './init-options.js'
import {Parts} from './parts.js'
import {report, reportGraph} from './status-report.js'

/**
 * Starts a backend in this process. Models run in processes of their own, which end with `deinit`.
 *
 * @throws `invalid_argument` for an invalid configuration with `strict` (or `strict_config` in it), and for a
 * `stateDir` that cannot be used.
 */
export async function initCore(options: InitOptions = {}): Promise<LocalCore> {
  const {config = '{}', configFile, strict = false, cores = os.availableParallelism()} = options
  const how = {strict, cores, ...(configFile !== undefined && {file: configFile})}
  const isObject = typeof config === 'object' && (config as object | null) !== null
  if (!isObject) checkString('configuration', config)
  const parsed = isObject ? configFromObject(config, how) : parseConfig(config as string, how)
  const {stateDir} = options
  if (stateDir !== undefined) checkString('state folder', stateDir)
  await removeLeftovers()
  const state = stateDir === undefined ? undefined : await StateDir.open(stateDir)
  try {
    const {warnings: configWarnings, given} = parsed
    const config = inFolder(parsed.config, options.folder)
    const folder = await cacheFolder(state?.folder, config.memory.max_cache_mb)
    if (folder.durable) await pruneCaches(folder, config.memory.max_cache_age_ms || Infinity)
    const parts = new Parts({...options, cores, config, given, configWarnings, state, cacheFolder: folder})
    return new LocalCore({strict, cores}, parts)
  } catch (error) {
    await state?.close()
    throw error
  }
}

/** The backend in this process: scheduling, sessions and models. The contract says what each call does. */
export class LocalCore implements Core {
  private released = false
  private readonly loads = new Set<{name: string}>()

  constructor(
    private readonly options: Pick<InitOptions, 'strict'> & {cores: number},
    private readonly parts: Parts,
  ) {}

  /** The configuration in force. */
  get config(): Config {
    return this.parts.config
  }

  /** Names of the models that are being loaded, by which they will be asked for. */
  get loading(): string[] {
    return [...this.loads].map(({name}) => name)
  }

  async load(source: ModelSource, options: LoadModelOptions = {}): Promise<GraphId> {
    this.checkAlive()
    checkSource(source)
    const load = {name: options.name ?? ('name' in source ? source.name : '')}
    this.loads.add(load)
    try {
      return await this.loadNow(source, options)
    } finally {
      this.loads.delete(load)
    }
  }

  private async loadNow(source: ModelSource, {config, ...options}: LoadModelOptions): Promise<GraphId> {
    const parsed = this.graphConfig(config)
    const {registry, scheduler} = this.parts
    const {id, model}: Graph =
      'name' in source
        ? await registry.loadByName(source.name, parsed, options)
        : await registry.loadBytes(
            source.bytes,
            source.encoding ?? 'autodetect',
            source.target ?? 'cpu',
            parsed,
            options,
          )
    scheduler.openLane(id, model.parallelTasks)
    return id
  }

  async switchModel(
    id: GraphId,
    {name, config}: {name: string; config?: GraphConfig},
    options: SwitchOptions = {},
  ): Promise<SwitchReport> {
    this.checkAlive()
    checkString('name', name)
    if (options.mode !== undefined) checkOneOf('mode', options.mode, switchModes)
    const {registry, scheduler, journal} = this.parts
    const work = new ModelSwitch(registry.get(id), {name, parsed: this.graphConfig(config)}, options, {
      registry,
      scheduler,
      logger: journal.logger,
    })
    return registry.track(work.run())
  }

  async unload(id: GraphId): Promise<void> {
    this.checkAlive()
    const {registry, contexts, scheduler} = this.parts
    const graph = registry.get(id)
    for (const context of contexts.list()) {
      if (context.graph === graph) contexts.close(context, `is closed: graph ${id} was unloaded`)
    }
    scheduler.closeLane(id)
    await registry.unload(graph)
  }

  async graphs(): Promise<GraphStatus[]> {
    this.checkAlive()
    return Promise.all(this.parts.registry.list().map(reportGraph))
  }

  async open(id: GraphId, options: OpenOptions = {}): Promise<OpenConversation> {
    const context = this.openContext(id, options)
    const {session, graph} = context
    return {
      conversation: context.id,
      session: session.id,
      messages: turnsOf(context),
      model: await reportGraph(graph),
    }
  }

  async close(id: ContextId): Promise<void> {
    await this.closeContext(this.context(id))
  }

  async check(id: ContextId): Promise<void> {
    this.context(id)
    return Promise.resolve()
  }

  async history(id: ContextId): Promise<ChatTurn[]> {
    return Promise.resolve(turnsOf(this.context(id)))
  }

  async answer(target: AnswerTarget, request: AnswerRequest, options: AnswerOptions = {}): Promise<Answer> {
    return this.inContext(target, async (context) => {
      const checked = this.checked(context, request)
      await endSteps(context)
      return answer(context, checked, options, this.parts)
    })
  }

  async step(id: ContextId, request: AnswerRequest, options: AnswerOptions = {}): Promise<Step> {
    const context = this.context(id)
    return takeStep(context, this.checked(context, request), options, this.parts)
  }

  async endSteps(id: ContextId, options?: {wait?: boolean}): Promise<Answer | undefined> {
    const context = this.context(id)
    this.parts.sessions.touch(context.session)
    return endSteps(context, {wait: options?.wait === true})
  }

  async count(target: AnswerTarget, request: AnswerRequest): Promise<PromptCount> {
    return this.inContext(target, (context) => countPrompt(context, this.checked(context, request)))
  }

  async render(target: AnswerTarget, request: AnswerRequest): Promise<RenderedPrompt> {
    return this.inContext(target, (context) => renderPrompt(context, this.checked(context, request)))
  }

  async tokenize(id: GraphId, text: string, options: TokenizeOptions = {}): Promise<TokenizedText> {
    checkString('text', text)
    const {addSpecial = false, parseSpecial = true} = options
    return unpackTokens(
      await this.withEngine(id, (engine) => engine.text('tokenize', text, {addSpecial, parseSpecial})),
    )
  }

  async detokenize(id: GraphId, tokens: readonly number[]): Promise<string> {
    checkList('tokens', tokens)
    return this.withEngine(id, (engine) => engine.text('detokenize', tokens))
  }

  /** For invalid options the configured values apply, as for an invalid configuration. */
  async readOptions(id: ContextId, text: string): Promise<RuntimeOptions> {
    const {graph} = this.context(id)
    checkString('runtime options', text)
    const {options, warnings} = parseRuntimeOptions(text, {strict: this.strict, config: graph.config})
    this.parts.journal.optionWarnings(warnings)
    return Promise.resolve(options)
  }

  async embed(id: GraphId, texts: readonly string[], options: EmbedOptions = {}): Promise<Embeddings> {
    this.checkAlive()
    checkList('texts', texts)
    for (const text of texts) checkString('text', text)
    return embedTexts(this.parts.registry.get(id), texts, this.parts.scheduler, options)
  }

  async status<T extends StatusType>(type: T): Promise<BackendStatus[T]> {
    this.checkAlive()
    checkOneOf('status type', type, statusTypes)
    return report(type, this.parts)
  }

  async deinit(): Promise<void> {
    this.checkAlive()
    this.released = true
    const {contexts, registry, sessions, state, journal} = this.parts
    for (const context of contexts.list()) contexts.close(context, 'is closed: the backend was released')
    try {
      await registry.dispose()
    } finally {
      sessions.clear()
      await state?.close()
    }
    journal.logger.log('info', 'MODEL', 'backend released')
    journal.logger.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.released) await this.deinit()
  }

  /** Runs `work` with the engine of a graph. */
  private async withEngine<Result>(id: GraphId, work: (engine: EngineProcess) => Promise<Result>): Promise<Result> {
    this.checkAlive()
    return this.parts.registry.get(id).model.use(new AbortController().signal, work)
  }

  /** An open conversation, or a conversation of a graph that stays open only for this work. */
  private async inContext<Result>(
    target: AnswerTarget,
    work: (context: ExecutionContext) => Promise<Result>,
  ): Promise<Result> {
    checkObject('target', target)
    if ('conversation' in target) return work(this.context(target.conversation))
    const {graph, session} = target
    const context = this.openContext(graph, {
      ...(session === undefined ? {temporary: true} : {session}),
      counted: false,
    })
    try {
      return await work(context)
    } finally {
      // It may have been closed in the meantime, with its model or its session.
      if (this.parts.contexts.list().includes(context)) await this.closeContext(context)
    }
  }

  private openContext(
    graphId: GraphId,
    {session: sessionId, temporary = false, counted = true}: OpenOptions,
  ): ExecutionContext {
    this.checkAlive()
    if (sessionId !== undefined) checkString('session id', sessionId)
    // The file of histories has no place for it.
    if (sessionId === '') throw new NnError('invalid_argument', 'The session id is empty.')
    const graph = this.parts.registry.get(graphId)
    // Before a session is created, which could evict another one.
    if (counted) this.parts.contexts.checkRoom()
    const session = temporary && sessionId === undefined ? temporarySession() : this.parts.sessions.open(sessionId)
    return this.parts.contexts.open(graph, session, counted)
  }

  private async closeContext(context: ExecutionContext): Promise<void> {
    const {sessions, contexts, scheduler} = this.parts
    try {
      await endSingle(context)
    } finally {
      sessions.touch(context.session)
      contexts.close(context)
      if (context.session.temporary) scheduler.forgetSession(context.session.id)
    }
  }

  /** The request with options that were checked. */
  private checked({graph}: ExecutionContext, request: AnswerRequest): Required<AnswerRequest> {
    checkObject('request', request)
    const {input, options, defaults = 'configured'} = request
    checkString('input', input)
    checkOneOf('defaults', defaults, requestDefaults)
    if (options === undefined) return {input, options: {}, defaults}
    checkObject('options', options)
    const read = runtimeOptionsFromObject(options, {strict: this.strict, config: graph.config})
    this.parts.journal.optionWarnings(read.warnings)
    return {input, options: read.options, defaults}
  }

  /** The configuration of one graph, which overrides the backend's. */
  private graphConfig(config: GraphConfig | undefined): ParsedConfig {
    const {given} = this.parts
    if (config === undefined) return {config: this.config, given, warnings: []}
    const {cores} = this.options
    const how = {strict: this.strict, cores, base: this.config, scope: 'graph'} as const
    const parsed = typeof config === 'string' ? parseConfig(config, how) : configFromObject(config, how)
    this.parts.journal.configWarnings(parsed.warnings)
    return {...parsed, given: new Set([...given, ...parsed.given])}
  }

  private context(id: ContextId): ExecutionContext {
    this.checkAlive()
    return this.parts.contexts.get(id)
  }

  private get strict(): boolean {
    return this.options.strict === true || this.config.backend.strict_config
  }

  private checkAlive(): void {
    if (this.released) throw new NnError('backend_released', 'The backend was released (deinit_backend).')
  }
}

function turnsOf({session}: ExecutionContext): ChatTurn[] {
  return session.messages.map(({role, content}) => ({role, content}))
}

/** With the log file in that folder; other values stay unchanged. */
function inFolder(config: Config, folder: string | undefined): Config {
  const {logging} = config
  if (folder === undefined || logging.file === '') return config
  return {...config, logging: {...logging, file: path.resolve(folder, logging.file)}}
}
