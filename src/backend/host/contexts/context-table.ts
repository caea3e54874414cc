import type {ContextId} from '../../contract/types.js'
import type {Config} from '../../../config/index.js'
import {NnError} from '../../../errors.js'
import type {Graph} from '../../models/graph.js'
import type {Session} from '../../sessions/session-store.js'
import type {ExecutionContext} from './execution-context.js'

/** Number of closed contexts whose reason is remembered. */
const rememberedReasons = 1000

/** The open contexts, at most `max_concurrent`; remembers why a handle was closed. */
export class ContextTable {
  private readonly contexts = new Map<ContextId, ExecutionContext>()
  private readonly closed = new Map<ContextId, string>()
  private nextId = 0

  constructor(private readonly settings: Config['backend']) {}

  /** @throws `runtime_error` at the limit. */
  checkRoom(): void {
    const {max_concurrent} = this.settings
    const open = this.list().filter(({counted}) => counted).length
    if (open < max_concurrent) return
    throw new NnError(
      'too_many_contexts',
      `${open} execution contexts are open; at most ${max_concurrent} are allowed.`,
      {
        hint: 'Close one, or raise backend.max_concurrent.',
      },
    )
  }

  open(graph: Graph, session: Session, counted = true): ExecutionContext {
    if (counted) this.checkRoom()
    const context: ExecutionContext = {
      id: this.nextId++,
      graph,
      session,
      counted,
      single: undefined,
      steps: Promise.resolve(),
      pendingSteps: 0,
      closing: new AbortController(),
      computing: 0,
    }
    this.contexts.set(context.id, context)
    return context
  }

  /** @throws `invalid_argument` for a handle that is not open. */
  get(id: ContextId): ExecutionContext {
    const context = this.contexts.get(id)
    if (context !== undefined) return context
    const why = this.closed.get(id)
    throw new NnError(
      'context_closed',
      why === undefined ? `There is no execution context ${String(id)}.` : `Execution context ${String(id)} ${why}.`,
    )
  }

  /** Closes a handle; what it computes is aborted. */
  close(context: ExecutionContext, why = 'is closed'): void {
    this.contexts.delete(context.id)
    this.closed.set(context.id, why)
    const [oldest] = this.closed.keys()
    if (this.closed.size > rememberedReasons && oldest !== undefined) this.closed.delete(oldest)
    context.closing.abort(
      new NnError('closed_while_computing', `Execution context ${context.id} was closed while it computed.`),
    )
  }

  list(): ExecutionContext[] {
    return [...this.contexts.values()]
  }
}
