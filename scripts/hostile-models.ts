import {appendFileSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {initCore} from '../src/backend/host/core.js'
import {damagedStructures} from '../test/support/hostile-models/damaged-structure.js'
import type {HostileFile} from '../test/support/hostile-models/hostile-file.js'
import {hostileValues} from '../test/support/hostile-models/hostile-values.js'
import {loadHostile, outcomes, type Result} from '../test/support/hostile-models/load-hostile.js'
import {Random} from '../test/support/hostile-models/random.js'

/**
 * Loads hostile model files one after the other through one host, asks those that load for a short answer, and counts what
 * became of them. Half of the files have a damaged structure, the others a valid structure with hostile values.
 *
 * Usage: npx tsx scripts/hostile-models.ts [--count 300] [--seed 1] [--model FILE]... [--grep TEXT] [--results FILE]
 */
const {values} = parseArgs({
  options: {
    count: {type: 'string', default: '300'},
    seed: {type: 'string', default: '1'},
    model: {
      type: 'string',
      multiple: true,
      default: ['fixtures/models/tiny-qwen2-chat.gguf', 'fixtures/models/tiny-phi3-chat.gguf'],
    },
    grep: {type: 'string', default: ''},
    results: {type: 'string'},
  },
})

function* filesOf(model: string, count: number, random: Random): Generator<HostileFile> {
  const good = readFileSync(model)
  yield* damagedStructures(good, Math.floor(count / 2), random)
  yield* random.sample(hostileValues(good), Math.ceil(count / 2))
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'wnn-hostile-'))
const backend = await initCore({
  config: {backend: {max_concurrent: 1}, model: {ctx_size: 256, parallel: 1}, logging: {level: 'none'}},
})
const random = new Random(Number(values.seed))
const results: Result[] = []
try {
  for (const model of values.model) {
    for (const file of filesOf(model, Number(values.count) / values.model.length, random)) {
      if (!file.name.includes(values.grep)) continue
      const result = await loadHostile(backend, file, folder)
      results.push(result)
      const line = `${path.basename(model)} | ${result.name} | ${result.outcome} | ${result.detail} | ${Math.round(result.ms)} ms`
      if (values.results !== undefined) appendFileSync(values.results, `${line.replaceAll('\n', ' ').slice(0, 600)}\n`)
      if (['engine killed', 'other'].includes(result.outcome)) console.log(line)
    }
  }
  for (const outcome of outcomes) {
    console.log(`${outcome}: ${results.filter((result) => result.outcome === outcome).length}`)
  }
  console.log(`the longest took ${Math.round(Math.max(...results.map(({ms}) => ms)))} ms`)
} finally {
  await backend.deinit()
  rmSync(folder, {recursive: true})
}
