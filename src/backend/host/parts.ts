import type {Config, ConfigWarning, ParsedConfig} from '../../config/index.js'
import {ContextTable} from './contexts/context-table.js'
import type {ExecutionContext} from './contexts/execution-context.js'
import type {HeartbeatLimits} from '../engine/host/heartbeat.js'
import {removeState} from '../engine/state-files.js'
import {toNnError} from '../../errors.js'
import {DiskReport, writtenFolders} from './disk-report.js'
import type {InitOptions} from './init-options.js'
import {Journal} from './journal.js'
import {createLogger} from '../logging/logger.js'
import type {CacheFolder} from '../memory/cache-folder.js'
import {CacheKeeper} from '../memory/cache-keeper.js'
import type {SavedCache} from '../memory/saved-caches.js'
import type {LoadedModel} from '../models/loaded-model.js'
import {Registry} from '../models/registry.js'
import {Scheduler} from '../scheduler/scheduler.js'
import {SessionStore, type RemovalReason, type Session} from '../sessions/session-store.js'
import type {StateDir} from '../sessions/state-dir.js'

export interface PartsOptions extends Pick<InitOptions, 'models' | 'logStream'> {
  cores: number
  config: Config
  /** The keys that the configuration gives. */
  given: ParsedConfig['given']
  configWarnings: readonly ConfigWarning[]
  state: StateDir | undefined
  cacheFolder: CacheFolder
  /** When an engine counts as hung. Defaults to `heartbeatLimits`. */
  heartbeat?: HeartbeatLimits
}

/** The parts of a backend in this process, and their connections. */
export class Parts {
  readonly config: Config
  readonly given: ParsedConfig['given']
  readonly configWarnings: readonly ConfigWarning[]
  readonly journal: Journal
  readonly registry: Registry
  readonly contexts: ContextTable
  readonly scheduler: Scheduler
  readonly sessions: SessionStore
  readonly caches: CacheKeeper
  /** Keeps histories, if a folder is set; closed with the backend. */
  readonly state: StateDir | undefined
  readonly disks: DiskReport
  readonly startedAt = performance.now()

  constructor({
    config,
    given,
    configWarnings,
    models = {},
    cores,
    logStream,
    state,
    heartbeat,
    cacheFolder,
  }: PartsOptions) {
    this.config = config
    this.given = given
    this.configWarnings = configWarnings
    this.state = state
    const logger = createLogger(config.logging, logStream === undefined ? {} : {stream: logStream})
    this.journal = new Journal(logger)
    const caches = cacheFolder.maxBytes > 0 ? cacheFolder.folder : undefined
    this.disks = new DiskReport(writtenFolders(state?.folder, caches, config.logging.file))
    this.registry = new Registry({
      ...{names: models, logger, cores, heartbeat},
      onState: (model, event) => {
        this.caches.heard(model.parts.name, event)
        if (event.type === 'unsaved') this.forgetCache(event.id, model)
        void this.caches.relieve()
      },
      caches: cacheFolder,
    })
    this.contexts = new ContextTable(config.backend)
    this.scheduler = new Scheduler(config.backend, (event) => this.journal.scheduled(event))
    this.sessions = new SessionStore(
      config.backend,
      (session) => this.contexts.list().some((context) => context.session === session && isBusy(context)),
      (session, reason) => this.sessionRemoved(session, reason),
    )
    this.caches = new CacheKeeper({
      ...{settings: config.memory, logger},
      maxBytes: cacheFolder.maxBytes,
      onDisk: cacheFolder.durable,
      hasSession: (session) => this.sessions.find(session) !== undefined,
      drop: (cache) => this.dropCache(cache),
      resident: () => this.registry.residentBytes(),
    })
    logger.log('info', 'MODEL', 'backend initialized', {config})
    this.journal.configWarnings(configWarnings)
    if (state === undefined) return
    state.logTo(logger)
    this.sessions.restore(state.restored(), state.names)
  }

  /**
   * Writes the session's history to disk, unless the session was removed: a task may end after its context was closed.
   */
  keepHistory(session: Session): void {
    if (this.sessions.find(session.id) === session) this.state?.save(session.id, session.messages)
  }

  private dropCache({id, file}: SavedCache): void {
    this.forgetCache(id)
    removeState(file).catch((error: unknown) => {
      this.journal.logger.log('warn', 'MEM', 'saved cache not removed', {file, reason: toNnError(error).message})
    })
  }

  /** Two engines of one model share their saved caches. */
  private forgetCache(id: string, except?: LoadedModel): void {
    for (const model of this.registry.models) if (model !== except) model.dropCache(id)
  }

  private sessionRemoved(session: Session, reason: RemovalReason): void {
    const {id} = session
    this.state?.remove(id)
    this.scheduler.forgetSession(id)
    this.caches.forgetSession(id)
    for (const model of this.registry.models) model.running?.forget(id)
    for (const context of this.contexts.list()) {
      if (context.session === session) this.contexts.close(context, `has lost its session ${id} (${reason})`)
    }
    this.journal.logger.log('info', 'SESSION', 'session removed', {session: id, reason})
  }
}

function isBusy({computing, single}: ExecutionContext): boolean {
  return computing > 0 || single !== undefined
}
