/**
 * One fault for each scenario that must turn it red: a piece of the built program is replaced by another.
 * `find` must occur exactly once in the file, so that a mutation that no longer fits is noticed.
 */
export interface Mutation {
  /** The scenario's number. */
  scenario: number
  /** Below `dist/`. */
  file: string
  find: string
  replace: string
  /** The cases of the scenario that turn red. Defaults to the scenario, which then has no matrix. */
  cases?: readonly string[]
}

export const mutations: readonly Mutation[] = [
  {scenario: 1, file: 'backend/host/core.js', find: 'await registry.dispose();', replace: ''},
  {
    scenario: 2,
    file: 'config/legacy/spellings.js',
    find: '...names.map((each) => [each]),',
    replace: '',
  },
  {scenario: 3, file: 'config/legacy/aliases.js', find: "memory: ['memory_policy'],", replace: ''},
  {
    scenario: 4,
    file: 'backend/engine/child/generation.js',
    find: 'this.tokens.length >= max_tokens',
    replace: 'this.tokens.length >= 16',
  },
  {
    scenario: 5,
    file: 'backend/engine/child/load.js',
    find: 'warnings.push(`n_gpu_layers is',
    replace: 'void (`n_gpu_layers is',
  },
  {
    scenario: 6,
    file: 'backend/engine/child/generation.js',
    find: 'output_tokens: this.tokens.length,',
    replace: 'output_tokens: this.tokens.length + 1,',
  },
  {
    scenario: 7,
    file: 'backend/engine/child/engine.js',
    find: 'const seed = request.sampling.seed < 0 ? randomSeed() : request.sampling.seed;',
    replace: 'const seed = 4;',
  },
  {
    scenario: 8,
    file: 'backend/host/contexts/turn.js',
    find: '[...system, ...history, ',
    replace: '[...system, ',
  },
  {
    scenario: 10,
    file: 'config/settings.js',
    find: 'if (faults.length === 0)',
    replace: 'if (true)',
  },
  {
    scenario: 16,
    file: 'backend/host/parts.js',
    find: "logger.log('info', 'MODEL', 'backend initialized', { config });",
    replace: '',
  },
  {
    scenario: 17,
    file: 'backend/logging/logger.js',
    find: 'level,\n        base',
    replace: "level: 'debug',\n        base",
  },
  {
    scenario: 9,
    file: 'backend/models/loaded-model.js',
    find: 'this.config.performance.batch_processing ? this.parts.engineOptions.slots : 1',
    replace: '1',
  },
  {
    scenario: 11,
    file: 'backend/scheduler/scheduler.js',
    find: 'warning_threshold: settings.queue_warning_threshold,',
    replace: 'warning_threshold: 40,',
  },
  {
    scenario: 12,
    file: 'backend/scheduler/scheduler.js',
    find: 'priorities: settings.priority_scheduling_enabled,',
    replace: 'priorities: false,',
  },
  {
    scenario: 13,
    file: 'backend/host/contexts/context-table.js',
    find: 'this.contexts.delete(context.id);',
    replace: '',
  },
  {
    scenario: 14,
    file: 'backend/scheduler/scheduler.js',
    find: 'fair: settings.fair_scheduling_enabled,',
    replace: 'fair: true,',
    cases: ['14[fair=false]'],
  },
  {
    scenario: 15,
    file: 'backend/models/loaded-model.js',
    find: 'this.process = undefined;\n        this.current = undefined;\n        this.crashes',
    replace: 'this.crashes',
  },
  {
    scenario: 18,
    file: 'backend/host/journal.js',
    find: "'info', 'PERF', 'answer'",
    replace: "'info', 'TASK', 'answer'",
  },
  {scenario: 19, file: 'backend/models/switch.js', find: 'this.graph.model = next;', replace: ''},
  {
    scenario: 20,
    file: 'backend/contract/adapter.js',
    find: 'const merged = { ...options, ...own };',
    replace: 'const merged = Object.assign(options, callOptions);',
  },
  {scenario: 21, file: 'backend/sessions/session-store.js', find: "this.remove(oldest, 'evicted');", replace: ''},
  {
    scenario: 22,
    file: 'config/legacy/aliases.js',
    find: "'stopping.max_time_ms': ['timeout_config.max_inference_time_ms'],",
    replace: '',
  },
  {
    scenario: 23,
    file: 'backend/engine/child/stop-detector.js',
    find: 'offer(windowStart + match.index + match[0].length,',
    replace: 'offer(windowStart + match.index,',
  },
  {
    scenario: 24,
    file: 'backend/engine/child/generation.js',
    find: 'this.parts.now() - this.startedAt >= max_time_ms;',
    replace: 'this.parts.now() - this.startedAt >= 3 * max_time_ms;',
  },
  {
    scenario: 25,
    file: 'backend/engine/child/sampling/create.js',
    find: "const texts = forbidden.filter((entry) => typeof entry === 'string');",
    replace: 'const texts = [];',
  },
  {
    scenario: 26,
    file: 'backend/engine/child/generation.js',
    find: 'if (max_repetition_count > 0 && repeats(',
    replace: 'if (max_repetition_count > 1000 && repeats(',
  },
]
