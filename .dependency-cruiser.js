/**
 * The layers of `src/`, from the lowest to the highest. A file imports from its own folder and from lower layers, never
 * from a higher one nor from another folder of its own layer. `npm run layers` checks it.
 */
const layers = [
  ['error-reasons.ts'],
  ['errors.ts', 'terminal'],
  ['system'],
  ['documents'],
  ['config'],
  ['backend/contract'],
  ['backend/gguf', 'backend/logging'],
  ['backend/engine', 'backend/scheduler'],
  ['backend/sessions', 'backend/memory'],
  ['backend/models'],
  ['backend/host'],
  ['backend/index.ts', 'backend/ahead.ts'],
  ['openai'],
  ['rpc'],
  ['daemon'],
  ['pick-model'],
  ['wasm'],
  ['cli', 'suites', 'chat'],
  ['bench', 'batch'],
  ['commands', 'hooks', 'index.ts', 'main.ts'],
]

/** The packages that are part of the product. */
const packages = [
  ...['@oclif/core', 'ajv', 'csv-parse', 'd3-array', '@types/d3-array', 'eventsource-parser', 'fastest-levenshtein'],
  ...[
    'fastify',
    'get-east-asian-width',
    'listr2',
    'node-llama-cpp',
    'pino',
    'prom-client',
    're2js',
    'simple-statistics',
    'typebox',
    'yaml',
  ],
]

const pattern = (folder) => (folder.endsWith('.ts') ? `^src/${folder}$` : `^src/${folder}/`)

const layerRules = layers.flatMap((folders, level) =>
  folders.map((folder) => ({
    name: `layer-of-${folder}`,
    comment: `src/${folder} imports from itself and from lower layers only.`,
    severity: 'error',
    from: {path: pattern(folder)},
    to: {
      path: layers
        .slice(level)
        .flat()
        .filter((other) => other !== folder)
        .map(pattern),
    },
  })),
)

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'no-circular',
      comment: 'Files that import each other in a circle cannot be read or tested one by one. Types count too.',
      severity: 'error',
      from: {},
      to: {circular: true},
    },
    {
      name: 'backend-face',
      comment: 'Outside of src/backend, import src/backend/index.ts, src/backend/ahead.ts or a file of the contract.',
      severity: 'error',
      from: {path: '^src/', pathNot: '^src/backend/'},
      to: {path: '^src/backend/', pathNot: '^src/backend/(index\\.ts$|ahead\\.ts$|contract/)'},
    },
    {
      name: 'engine-child',
      comment: 'The child folder runs in the engine process. Only its entry and the JSON schema check leave it.',
      severity: 'error',
      from: {path: '^src/', pathNot: '^src/backend/engine/child/'},
      to: {path: '^src/backend/engine/child/', pathNot: '^src/backend/engine/child/sampling/json-schema\\.ts$'},
    },
    {
      name: 'engine-host-apart',
      comment: 'The engine process knows nothing of the host process but the protocol.',
      severity: 'error',
      from: {path: '^src/backend/engine/child/'},
      to: {path: '^src/backend/engine/host/'},
    },
    {
      name: 'only-the-engine-loads-llama',
      comment: 'node-llama-cpp is loaded in the engine process alone.',
      severity: 'error',
      from: {path: '^src/', pathNot: '^src/backend/engine/child/addon\\.ts$'},
      to: {path: 'node-llama-cpp'},
    },
    {
      name: 'sources-without-tests',
      comment: 'src/ runs without tests, scripts and measurements.',
      severity: 'error',
      from: {path: '^src/'},
      to: {path: '^(test|perf|scripts)/'},
    },
    {
      name: 'declared-packages',
      comment: 'A package that src/ imports is declared, not one that happens to be installed.',
      severity: 'error',
      from: {path: '^src/'},
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        dependencyTypesNot: ['type-only', 'npm-dev', 'npm-peer'],
      },
    },
    {
      name: 'product-packages',
      comment:
        'What src/ imports is bundled and shipped, tools and test helpers are not. A new package goes on this list.',
      severity: 'error',
      from: {path: '^src/'},
      to: {path: 'node_modules/', pathNot: `node_modules/(${packages.join('|')})/`},
    },
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    tsPreCompilationDeps: true,
    tsConfig: {fileName: 'tsconfig.json'},
    exclude: {path: '^dist/'},
    enhancedResolveOptions: {exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types']},
  },
}
