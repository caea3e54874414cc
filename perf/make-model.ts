import {parseArgs} from 'node:util'
import {isShapeName, parameters, shapes} from './model/shapes.js'
import {cachedModel, defaultSeed, modelBytes, writeModel} from './model/write-model.js'

/**
 * Writes a model with random weights, for measurements without a download:
 * `node --import tsx perf/make-model.ts <shape> [--output file] [--seed n]`. Prints the path; without `--output` the
 * file stays in `perf/.models` for the next time. The text of such a model means nothing, but its speed is real.
 */
const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {output: {type: 'string'}, seed: {type: 'string', default: String(defaultSeed)}},
})
const [name = 'bench'] = positionals
const seed = Number(values.seed)
if (!isShapeName(name) || !Number.isSafeInteger(seed)) {
  console.error(`make-model <${Object.keys(shapes).join(' | ')}> [--output file] [--seed n]`)
  process.exit(2)
}
console.error(`${name}: ${(parameters(shapes[name]) / 1e6).toFixed(0)} M parameters, ${modelBytes(name)} bytes`)
if (values.output === undefined) console.log(await cachedModel(name, seed))
else {
  await writeModel(name, values.output, seed)
  console.log(values.output)
}
