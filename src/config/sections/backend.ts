import {Type, type Static} from '../../documents/index.js'
import {timeLimit} from './time-limit.js'

export const backend = Type.Object(
  {
    max_sessions: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 10_000,
      description: 'Conversations that are kept.',
    }),
    idle_timeout_ms: Type.Integer({
      default: 300_000,
      minimum: 10,
      maximum: 86_400_000,
      unit: 'ms',
      description: 'A session that nobody used for this long is removed.',
    }),
    auto_cleanup: Type.Boolean({
      default: true,
      description:
        'Removes idle sessions, and the least recently used one when a new one needs its place. Off, the new one is refused.',
    }),
    max_concurrent: Type.Integer({
      default: 8,
      minimum: 1,
      maximum: 1024,
      description: 'Execution contexts open at a time.',
    }),
    queue_size: Type.Integer({
      default: 50,
      minimum: 1,
      maximum: 100_000,
      unit: 'tasks',
      description: 'Tasks that may wait.',
    }),
    default_task_timeout_ms: timeLimit({
      default: 0,
      description: 'What a task may take, from its start in the queue to the end of its answer. 0 is no limit.',
    }),
    priority_scheduling_enabled: Type.Boolean({
      default: true,
      description: 'Urgent tasks go before high, normal and low ones. Off, the first to come is the first to run.',
    }),
    fair_scheduling_enabled: Type.Boolean({
      default: true,
      description:
        'A waiting task gains priority with time, and the sessions of one priority take turns: nobody starves.',
    }),
    priority_aging_ms: Type.Integer({
      default: 5000,
      minimum: 1,
      maximum: 3_600_000,
      unit: 'ms',
      description: 'With fair scheduling, a waiting task counts as one priority higher after each of these spans.',
    }),
    queue_warning_threshold: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      unit: 'tasks',
      description: 'A queue that grows to this length is logged, once per crossing.',
    }),
    queue_reject_threshold: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      unit: 'tasks',
      description: 'A queue of this length takes no further task.',
    }),
    auto_queue_cleanup: Type.Boolean({
      default: true,
      description: 'A task whose time is up leaves the queue at once, with `timeout`; off, when its turn comes.',
    }),
    strict_config: Type.Boolean({
      default: false,
      description: 'A mistake in the configuration is an error; off, it is a warning, and the default is used.',
    }),
  },
  {description: 'Limits of the whole backend: sessions, open contexts and the queue of tasks.'},
)
export type BackendConfig = Static<typeof backend>
