import {Type, type Static} from '../../documents/index.js'
import {timeLimit} from './time-limit.js'

export const backend = Type.Object(
  {
    max_sessions: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 10_000,
      description: 'Number of sessions that are kept.',
    }),
    idle_timeout_ms: Type.Integer({
      default: 300_000,
      minimum: 10,
      maximum: 86_400_000,
      unit: 'ms',
      description: 'A session that was not used for this long is removed.',
    }),
    auto_cleanup: Type.Boolean({
      default: true,
      description:
        'Removes idle sessions, and evicts the least recently used one when there are `max_sessions`. Off: a new session fails at the limit.',
    }),
    max_concurrent: Type.Integer({
      default: 8,
      minimum: 1,
      maximum: 1024,
      description: 'Number of execution contexts that may be open at the same time.',
    }),
    queue_size: Type.Integer({
      default: 50,
      minimum: 1,
      maximum: 100_000,
      unit: 'tasks',
      description: 'Number of tasks that may wait.',
    }),
    default_task_timeout_ms: timeLimit({
      default: 0,
      description: 'Time limit of a task, from its start in the queue to the end of its answer. 0 is no limit.',
    }),
    priority_scheduling_enabled: Type.Boolean({
      default: true,
      description: 'Runs urgent tasks before high, normal and low ones. Off: tasks run in the order of their arrival.',
    }),
    fair_scheduling_enabled: Type.Boolean({
      default: true,
      description:
        'A waiting task gains priority with time, and sessions with the same priority take turns, so that no task starves.',
    }),
    priority_aging_ms: Type.Integer({
      default: 5000,
      minimum: 1,
      maximum: 3_600_000,
      unit: 'ms',
      description: 'With fair scheduling, a waiting task rises by one priority after each of these spans.',
    }),
    queue_warning_threshold: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      unit: 'tasks',
      description: 'A warning is logged when the queue grows to this length.',
    }),
    queue_reject_threshold: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      unit: 'tasks',
      description: 'At this length the queue rejects further tasks.',
    }),
    auto_queue_cleanup: Type.Boolean({
      default: true,
      description:
        'A task that has waited for too long fails with `timeout` at once. Off: it fails when its turn comes.',
    }),
    strict_config: Type.Boolean({
      default: false,
      description: 'A mistake in the configuration is an error. Off: it is a warning, and the default is used.',
    }),
  },
  {description: 'Limits of the whole backend: sessions, execution contexts and the task queue.'},
)
export type BackendConfig = Static<typeof backend>
