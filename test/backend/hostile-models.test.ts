import {readFileSync} from 'node:fs'
import * as assert from 'uvu/assert'
import {initCore} from '../../src/backend/host/core.js'
import {phi3, qwen} from '../support/fixtures.js'
import {damagedStructures} from '../support/hostile-models/damaged-structure.js'
import {hostileValues} from '../support/hostile-models/hostile-values.js'
import {loadHostile, type Result} from '../support/hostile-models/load-hostile.js'
import {Random} from '../support/hostile-models/random.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

// A small part of `scripts/hostile-models.ts`, which anybody can run with other seeds.
const test = suite('hostile models', {timeoutMs: 30_000})

const seed = 14
const countOfEach = 6

for (const model of [qwen, phi3]) {
  test(`${model.split('/').at(-1) ?? ''}: no engine dies, every rejection has a reason, and the host lives`, async (t) => {
    const backend = await initCore({config: {ctx_size: 256, parallel: 1, level: 'none'}})
    t.after(() => backend.deinit())
    const good = readFileSync(model)
    const random = new Random(seed)
    const files = [...damagedStructures(good, countOfEach, random), ...random.sample(hostileValues(good), countOfEach)]
    const folder = temporaryFolder(t)
    const results: Result[] = []
    for (const file of files) results.push(await loadHostile(backend, file, folder))
    const bad = results.filter(({outcome}) => outcome === 'engine killed' || outcome === 'other')
    assert.equal(bad, [])
    assert.ok(results.some(({outcome}) => outcome === 'answered'))
    assert.ok(results.some(({outcome}) => outcome === 'rejected by a check'))
    const graph = await backend.load({name: model})
    assert.ok((await backend.answer({graph}, {input: 'Hello!', options: {max_tokens: 2}})).text !== '')
  })
}
