/**
 * One fault for each scenario that must turn it red: a piece of a source file is replaced by another.
 * `find` must occur exactly once in the file, so that a mutation that no longer fits is noticed.
 */
export interface Mutation {
  /** The scenario's number. */
  scenario: number
  /** Below `src/`. */
  file: string
  find: string
  replace: string
  /** The cases of the scenario that turn red. Defaults to the scenario, which then has no matrix. */
  cases?: readonly string[]
}

export const mutations: readonly Mutation[] = [
  {scenario: 1, file: 'backend/host/core.ts', find: 'await registry.dispose()', replace: ''},
  {
    scenario: 2,
    file: 'config/legacy/spellings.ts',
    find: '...names.map((each) => [each]),',
    replace: '',
  },
  {scenario: 3, file: 'config/legacy/aliases.ts', find: "memory: ['memory_policy'],", replace: ''},
  {
    scenario: 4,
    file: 'backend/engine/child/generation.ts',
    find: 'this.tokens.length >= max_tokens',
    replace: 'this.tokens.length >= 16',
  },
  {
    scenario: 5,
    file: 'backend/engine/child/load.ts',
    find: 'warnings.push(\n      `n_gpu_layers is',
    replace: '[].push(\n      `n_gpu_layers is',
  },
  {
    scenario: 6,
    file: 'backend/engine/child/generation.ts',
    find: 'output_tokens: this.tokens.length,',
    replace: 'output_tokens: this.tokens.length + 1,',
  },
  {
    scenario: 7,
    file: 'backend/engine/child/engine.ts',
    find: 'const seed = request.sampling.seed < 0 ? randomSeed() : request.sampling.seed',
    replace: 'const seed = 4',
  },
  {
    scenario: 8,
    file: 'backend/host/contexts/turn.ts',
    find: '[...system, ...history, ',
    replace: '[...system, ',
  },
  {
    scenario: 10,
    file: 'config/settings.ts',
    find: 'if (faults.length === 0)',
    replace: 'if (true)',
  },
  {
    scenario: 16,
    file: 'backend/host/parts.ts',
    find: "logger.log('info', 'MODEL', 'backend initialized', {config})",
    replace: '',
  },
  {
    scenario: 17,
    file: 'backend/logging/logger.ts',
    find: 'level,\n      base',
    replace: "level: 'debug',\n      base",
  },
  {
    scenario: 9,
    file: 'backend/models/loaded-model.ts',
    find: 'this.config.performance.batch_processing ? this.parts.engineOptions.slots : 1',
    replace: '1',
  },
  {
    scenario: 11,
    file: 'backend/scheduler/scheduler.ts',
    find: 'warning_threshold: settings.queue_warning_threshold,',
    replace: 'warning_threshold: 40,',
  },
  {
    scenario: 12,
    file: 'backend/scheduler/scheduler.ts',
    find: 'priorities: settings.priority_scheduling_enabled,',
    replace: 'priorities: false,',
  },
  {
    scenario: 13,
    file: 'backend/host/contexts/context-table.ts',
    find: 'this.contexts.delete(context.id)',
    replace: '',
  },
  {
    scenario: 14,
    file: 'backend/scheduler/scheduler.ts',
    find: 'fair: settings.fair_scheduling_enabled,',
    replace: 'fair: true,',
    cases: ['14[fair=false]'],
  },
  {
    scenario: 15,
    file: 'backend/models/loaded-model.ts',
    find: 'this.process = undefined\n    this.current = undefined\n    // When',
    replace: '// When',
  },
  {
    scenario: 18,
    file: 'backend/host/journal.ts',
    find: "'info', 'PERF', 'answer'",
    replace: "'info', 'TASK', 'answer'",
  },
  {scenario: 19, file: 'backend/models/switch.ts', find: 'this.graph.model = next', replace: ''},
  {
    scenario: 20,
    file: 'backend/contract/adapter.ts',
    find: 'const merged = {...options, ...own}',
    replace: 'const merged = Object.assign(options, own)',
  },
  {scenario: 21, file: 'backend/sessions/session-store.ts', find: "this.remove(oldest, 'evicted')", replace: ''},
  {
    scenario: 22,
    file: 'config/legacy/aliases.ts',
    find: "'stopping.max_time_ms': ['timeout_config.max_inference_time_ms'],",
    replace: '',
  },
  {
    scenario: 23,
    file: 'backend/engine/child/stop-detector.ts',
    find: 'offer(windowStart + match.end,',
    replace: 'offer(windowStart + match.start,',
  },
  {
    scenario: 24,
    file: 'backend/engine/child/generation.ts',
    find: 'this.parts.now() - this.startedAt >= max_time_ms',
    replace: 'this.parts.now() - this.startedAt >= 3 * max_time_ms',
  },
  {
    scenario: 25,
    file: 'backend/engine/child/sampling/create.ts',
    find: "const texts = forbidden.filter((entry) => typeof entry === 'string')",
    replace: 'const texts: string[] = []',
  },
  {
    scenario: 26,
    file: 'backend/engine/child/generation.ts',
    find: 'if (max_repetition_count > 0 && repeats(',
    replace: 'if (max_repetition_count > 1000 && repeats(',
  },
]
