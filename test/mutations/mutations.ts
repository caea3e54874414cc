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
}

export const mutations: readonly Mutation[] = [
  {scenario: 1, file: 'backend/local.js', find: 'await this.registry.dispose();', replace: ''},
  {
    scenario: 2,
    file: 'backend/config/spellings.js',
    find: '...names.map((each) => [each]),',
    replace: '',
  },
  {scenario: 3, file: 'backend/config/aliases.js', find: "memory: ['memory_policy'],", replace: ''},
  {
    scenario: 4,
    file: 'backend/engine/generation.js',
    find: 'this.tokens.length >= max_tokens',
    replace: 'this.tokens.length >= 16',
  },
  {
    scenario: 5,
    file: 'backend/engine/load.js',
    find: 'warnings.push(`n_gpu_layers is',
    replace: 'void (`n_gpu_layers is',
  },
  {
    scenario: 6,
    file: 'backend/engine/generation.js',
    find: 'output_tokens: this.tokens.length,',
    replace: 'output_tokens: this.tokens.length + 1,',
  },
  {
    scenario: 7,
    file: 'backend/engine/engine.js',
    find: 'const seed = request.sampling.seed < 0 ? randomSeed() : request.sampling.seed;',
    replace: 'const seed = 4;',
  },
  {
    scenario: 8,
    file: 'backend/contexts/compute.js',
    find: '[...system, ...history, ',
    replace: '[...system, ',
  },
  {
    scenario: 10,
    file: 'backend/config/settings.js',
    find: 'if (faults.length === 0)',
    replace: 'if (true)',
  },
  {
    scenario: 16,
    file: 'backend/local.js',
    find: "logger.log('info', 'MODEL', 'backend initialized', { config });",
    replace: '',
  },
  {
    scenario: 17,
    file: 'backend/logging/logger.js',
    find: 'level,\n        base',
    replace: "level: 'debug',\n        base",
  },
]
