import {randomUUID} from 'node:crypto'
import {realClock, type Clock} from '../../system/clock.js'
import type {Config} from '../../config/index.js'
import type {CacheSource, ChatMessage} from '../engine/protocol.js'
import {NnError} from '../../errors.js'
import {plural} from '../../terminal/units.js'

/** A conversation. Its history is the source of truth; KV caches only make it faster. */
export interface Session {
  readonly id: string
  /** Ends with its context and is not in the store. */
  readonly temporary: boolean
  /** User and assistant messages in order; the system prompt belongs to the request. */
  messages: StoredMessage[]
  /** How many of the first messages no longer fit into that model's context and are dropped from its prompts. */
  leftOut: {model: string; messages: number}
  /** On the store's clock, in milliseconds. */
  lastActivity: number
  /** Prompt tokens of the last task that came from a cache, and from which one. */
  cachedTokens: number
  cacheSource: CacheSource
}

export interface StoredMessage {
  role: 'user' | 'assistant'
  content: string
  /** The generated tokens, which only the same model can use. */
  generated?: {model: string; tokens: Uint32Array}
}

/** Why a session was removed. */
export type RemovalReason = 'idle' | 'evicted'

/** Number of removed sessions whose reason is remembered. */
const rememberedRemovals = 100

/** The sessions: at most `max_sessions`. Idle ones are removed, and a new one evicts the least recently used one. */
export class SessionStore {
  private readonly sessions = new Map<string, Session>()
  /** The last removed ones, the latest last. */
  private readonly removals = new Map<string, RemovalReason>()
  private stopTimer: (() => void) | undefined
  private lastName = 0

  constructor(
    private readonly settings: Config['backend'],
    /** A session in use is never idle and never evicted. */
    private readonly inUse: (session: Session) => boolean,
    private readonly onRemove: (session: Session, reason: RemovalReason) => void,
    private readonly clock: Clock = realClock,
  ) {}

  get size(): number {
    return this.sessions.size
  }

  /**
   * The session with this id, created if it does not exist; without an id a new one. @throws `runtime_error` at the
   * limit.
   */
  open(id: string | undefined): Session {
    this.removeIdle()
    const existing = id === undefined ? undefined : this.sessions.get(id)
    if (existing !== undefined) {
      this.touch(existing)
      return existing
    }
    this.makePlace()
    const session = newSession(id ?? this.newName(), this.clock.now())
    this.sessions.set(session.id, session)
    this.removals.delete(session.id)
    this.watch()
    return session
  }

  find(id: string): Session | undefined {
    return this.sessions.get(id)
  }

  /**
   * Restores sessions of an earlier backend, the least recently used first. With `auto_cleanup`, idle ones and those
   * above `max_sessions` are removed; without it all stay, and new ones fail until there is room.
   *
   * @param names The highest number in a generated session id; new ids start after it.
   */
  restore(sessions: readonly {id: string; messages: StoredMessage[]; idleMs: number}[], names: number): void {
    const now = this.clock.now()
    for (const {id, messages, idleMs} of sessions) {
      this.sessions.set(id, {...newSession(id, now - idleMs), messages})
    }
    this.lastName = names
    this.removeIdle()
    while (this.settings.auto_cleanup && this.sessions.size > this.settings.max_sessions) this.makePlace()
    this.watch()
  }

  touch(session: Session): void {
    session.lastActivity = this.clock.now()
  }

  list(): {session: Session; idleMs: number}[] {
    this.removeIdle()
    return [...this.sessions.values()].map((session) => ({session, idleMs: this.clock.now() - session.lastActivity}))
  }

  /** The last sessions that were removed and not opened again, the latest last. */
  get removed(): {id: string; reason: RemovalReason}[] {
    return [...this.removals].map(([id, reason]) => ({id, reason}))
  }

  clear(): void {
    this.stopTimer?.()
    this.stopTimer = undefined
    this.sessions.clear()
  }

  private newName(): string {
    do this.lastName++
    while (this.sessions.has(`session-${this.lastName}`))
    return `session-${this.lastName}`
  }

  private makePlace(): void {
    const {max_sessions, auto_cleanup} = this.settings
    if (this.sessions.size < max_sessions) return
    const oldest = auto_cleanup
      ? [...this.sessions.values()].filter((session) => !this.inUse(session)).sort(byActivity)[0]
      : undefined
    if (oldest === undefined) {
      throw new NnError(
        auto_cleanup ? 'sessions_busy' : 'too_many_sessions',
        `There ${this.sessions.size === 1 ? 'is' : 'are'} ${plural(this.sessions.size, 'session')}, and at most ${max_sessions} ${max_sessions === 1 ? 'is' : 'are'} kept.`,
        {
          hint: auto_cleanup
            ? 'All of them are computing. Retry later, or raise backend.max_sessions.'
            : 'Raise backend.max_sessions, or turn on backend.auto_cleanup.',
        },
      )
    }
    this.remove(oldest, 'evicted')
  }

  private removeIdle(): void {
    if (!this.settings.auto_cleanup) return
    for (const session of this.sessions.values()) {
      const idle = this.clock.now() - session.lastActivity >= this.settings.idle_timeout_ms
      if (idle && !this.inUse(session)) this.remove(session, 'idle')
    }
  }

  private remove(session: Session, reason: RemovalReason): void {
    this.sessions.delete(session.id)
    this.removals.set(session.id, reason)
    const [oldest] = this.removals.keys()
    if (this.removals.size > rememberedRemovals && oldest !== undefined) this.removals.delete(oldest)
    this.onRemove(session, reason)
  }

  /** Fires when the next session may be idle. */
  private watch(): void {
    if (!this.settings.auto_cleanup || this.stopTimer !== undefined || this.sessions.size === 0) return
    const next =
      Math.min(...[...this.sessions.values()].map(({lastActivity}) => lastActivity)) + this.settings.idle_timeout_ms
    // Wait at least a moment: a session in use may already be past its time.
    this.stopTimer = this.clock.after(
      Math.max(10, next - this.clock.now()),
      () => {
        this.stopTimer = undefined
        this.removeIdle()
        this.watch()
      },
      {unref: true},
    )
  }
}

/** A session for one context only. The scheduler distinguishes sessions by their ids, so this one must be unique. */
export function temporarySession(): Session {
  return {...newSession(`temporary-${randomUUID()}`, 0), temporary: true}
}

function newSession(id: string, lastActivity: number): Session {
  return {
    ...{id, temporary: false, messages: [], leftOut: {model: '', messages: 0}},
    ...{lastActivity, cachedTokens: 0, cacheSource: 'none'},
  }
}

function byActivity(a: Session, b: Session): number {
  return a.lastActivity - b.lastActivity
}

/**
 * Sets the history to that of the client, which may be cut or changed; `null` keeps it. Equal messages at the start
 * keep their tokens, and with them their KV cache.
 */
export function rewrittenHistory(
  messages: StoredMessage[],
  history: readonly Pick<StoredMessage, 'role' | 'content'>[] | null,
): StoredMessage[] {
  if (history === null) return messages
  const differs = history.findIndex(
    ({role, content}, at) => messages[at]?.role !== role || messages[at].content !== content,
  )
  const same = differs === -1 ? history.length : differs
  return [...messages.slice(0, same), ...history.slice(same).map(({role, content}) => ({role, content}))]
}

/** The messages for a model's prompt: all, or the rest if the first ones did not fit. */
export function promptHistory(session: Session, model: string): ChatMessage[] {
  return toChatMessages(session.messages.slice(leftOutMessages(session, model)), model)
}

/** How many of the first messages did not fit into this model's context. */
export function leftOutMessages({leftOut}: Session, model: string): number {
  return leftOut.model === model ? leftOut.messages : 0
}

/** Records that more of the first messages did not fit. */
export function leaveOut(session: Session, model: string, messages: number): void {
  session.leftOut = {model, messages: leftOutMessages(session, model) + messages}
}

/** The messages for a model's template, with their tokens if this model generated them. */
export function toChatMessages(messages: readonly StoredMessage[], model: string): ChatMessage[] {
  return messages.map(({role, content, generated}) => ({
    role,
    content,
    ...(generated?.model === model && {tokens: generated.tokens}),
  }))
}
