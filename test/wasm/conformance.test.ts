import {readFile} from 'node:fs/promises'
import * as assert from 'uvu/assert'
import {initBackend, type LocalBackend} from '../../src/index.js'
import {beginCall} from '../../src/wasm/abi/functions.js'
import {nnFunctions} from '../../src/wasm/abi/messages.js'
import {WebAssembly} from '../../src/wasm/webassembly.js'
import {qwen} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'
import {asked, Bare, buffer} from './support/bare.js'

// The cases of the ABI over a memory without a guest. The numbers are those of the cases.
const test = suite('wasm ABI', {timeoutMs: 30_000})
const end = 65_536
const text = 1024
const out = 0

let backend: LocalBackend
test.before(async () => (backend = await initBackend()))
test.after(() => backend.deinit())

/** A host of its own; what the test loads is released after it. */
function bare(t: TestContext): Bare {
  const one = new Bare(backend)
  t.after(() => one.host.dispose())
  return one
}

async function opened(t: TestContext, config: object = {}): Promise<Bare & {context: number}> {
  const one = bare(t)
  const {context} = await one.open(config)
  return Object.assign(one, {context})
}

const builder = (one: Bare, address: number, ...values: number[]): void =>
  values.forEach((value, place) => one.view.setUint32(address + 4 * place, value, true))

test('1 to 8: load checks its builders, encoding and target', async (t) => {
  const one = bare(t)
  const garbage = one.write(text, 'These are the bytes of no model at all.')
  builder(one, 256, text, garbage)
  assert.is(await one.call('load', 256, 1, 5, 0, out), 1)
  assert.is(await one.call('load', 256, 1, 6, 0, out), 1)
  for (const graphOut of [end, end - 3, -1]) assert.is(await one.call('load', 256, 1, 5, 0, graphOut), 1)
  for (const builders of [end, end - 7, -8]) assert.is(await one.call('load', builders, 1, 5, 0, out), 1)
  builder(one, 256, end - 8, 9)
  assert.is(await one.call('load', 256, 1, 5, 0, out), 1)
  builder(one, 256, text, garbage, 4096, one.write(4096, 'not JSON'))
  assert.is(await one.call('load', 256, 2, 5, 0, out), 2)
  for (const encoding of [0, 1, 4, 7, 99, -1]) assert.is(await one.call('load', 256, 1, encoding, 0, out), 2)
  for (const target of [3, 9, -1]) assert.is(await one.call('load', 256, 1, 5, target, out), 1)
  assert.is(await one.call('load', 256, 1, 5, 2, out), 6)
  for (const count of [0, 3, 0x20_00_00_00, -1]) assert.is(await one.call('load', 256, count, 5, 0, out), 1)
})

test('9 and 58: a model loads from bytes; after unload, its handle stays dead and the next one is new', async (t) => {
  const one = bare(t)
  const bytes = await readFile(qwen)
  one.grow(bytes.length)
  one.write(end, bytes)
  builder(one, 256, end, bytes.length, 4096, one.write(4096, '{"ctx-size": 64}'))
  assert.is(await one.call('load', 256, 2, 5, 0, out), 0)
  assert.is(one.view.getUint32(out, true), 0)
  assert.is((await one.init(0)).errno, 0)
  assert.is(await one.call('unload', 0), 0)
  assert.is(await one.call('load', 256, 1, 6, 0, out), 0)
  assert.is(one.view.getUint32(out, true), 1)
  assert.is((await one.init(0)).errno, 1)
})

test('10 to 13: load_by_name knows preloaded names only, and checks the name', async (t) => {
  const one = bare(t)
  assert.is((await one.loadByName('unknown')).errno, 8)
  assert.is((await one.loadByName('')).errno, 8)
  assert.is((await one.loadByName(qwen)).errno, 8)
  assert.is((await one.loadByName('gone')).errno, 103)
  assert.is((await one.loadByName('onnx')).errno, 2)
  assert.is(await one.call('load_by_name', 65_500, 64, out), 1)
  assert.is(await one.call('load_by_name', -1, 0, out), 1)
  assert.is(await one.call('load_by_name', text, 4, end - 3), 1)
  one.write(text, new Uint8Array([0xff, 0xfe]))
  assert.is(await one.call('load_by_name', text, 2, out), 1)
})

test('14 to 18: load_by_name_with_config checks the configuration', async (t) => {
  const one = bare(t)
  const name = one.write(text, 'qwen')
  assert.is(await one.call('load_by_name_with_config', text, name, end - 2, 3, out), 1)
  for (const config of ['{', '', '[]', '"text"', 'null']) assert.is((await one.loadByName('qwen', config)).errno, 2)
  const wrong = [{'ctx-size': 'big'}, {'ctx-size': 1.5}, {temp: '0'}, {embedding: 1}, {grammar: {}}, {'ctx-size': null}]
  const unusable = [
    {'n-cpu-moe': -1},
    {'split-mode': 'x'},
    {'flash-attn': 'x'},
    {'cache-type-k': 'q3'},
    {'batch-size': 0},
  ]
  for (const config of [...wrong, ...unusable, {'top-p': 2}, {'json-schema': '{'}, {mmproj: '/etc/passwd'}]) {
    assert.is((await one.loadByName('qwen', config)).errno, 1, JSON.stringify(config))
  }
  assert.equal(await one.loadByName('qwen', {'no-such-option': 1, llama3: true}), {errno: 0, handle: 0})
})

test('19 and 59: a name that is loaded gives the same graph, also when both calls run at the same time', async (t) => {
  const one = bare(t)
  const name = one.write(text, 'qwen')
  const both = [one.call('load_by_name', text, name, 128), one.call('load_by_name', text, name, 132)]
  assert.equal(await Promise.all(both), [0, 0])
  assert.equal([one.view.getUint32(128, true), one.view.getUint32(132, true)], [0, 0])
  assert.equal(await one.loadByName('qwen', {'ctx-size': 64}), {errno: 0, handle: 0})
  assert.is(await one.call('unload', 0), 0)
  assert.equal(await one.loadByName(), {errno: 0, handle: 1})
})

test('20 to 23: init_execution_context needs a loaded graph and a place for the handle', async (t) => {
  const one = await opened(t)
  for (const graph of [1, 2, -1]) assert.is((await one.init(graph)).errno, 1)
  for (const place of [end, end - 3, -1]) assert.is(await one.call('init_execution_context', 0, place), 1)
  assert.equal(await one.init(0), {errno: 0, handle: 1})
  await one.call('unload', 0)
  assert.is((await one.init(0)).errno, 1)
})

test('24 to 30: set_input checks context, tensor, type, dimensions and index', async (t) => {
  const one = await opened(t)
  assert.is(await one.setInput(3, 0, 'Hello'), 1)
  for (const tensor of [end, end - 19, -1]) assert.is(await one.call('set_input', one.context, 0, tensor), 1)
  const wrong = [
    [end, 1, text, 4],
    [end - 4, 2, text, 4],
    [0, 1, end - 3, 4],
    [0, 1, end, 0],
    [0, 0x40_00_00_00, text, 4],
  ]
  for (const fields of wrong) {
    one.tensor(256, fields)
    assert.is(await one.call('set_input', one.context, 0, 256), 1, String(fields))
  }
  for (const type of [0, 1, 2, 4, 5, 9, 255])
    assert.is(await one.setInput(one.context, 0, 'eighteen bytes ok!', {type}), 1)
  assert.is(await one.setInput(one.context, 0, 'eighteen bytes ok!', {dimensions: [1]}), 0)
  assert.is(await one.setInput(one.context, 0, 'eighteen bytes ok!', {dimensions: [18]}), 0)
  assert.is(await one.setInput(one.context, 0, 'eighteen bytes ok!', {dimensions: [3, 6]}), 0)
  assert.is(await one.setInput(one.context, 0, 'eighteen bytes ok!', {dimensions: [5]}), 1)
  assert.is(await one.setInput(one.context, 0, 'eighteen bytes ok!', {dimensions: []}), 1)
  for (const index of [2, 3, -1]) assert.is(await one.setInput(one.context, index, 'Hello'), 1)
})

test('31 and 32: input 1 is a configuration in JSON', async (t) => {
  const one = await opened(t)
  assert.is(await one.setInput(one.context, 1, '{"n-predict": 2}'), 0)
  for (const config of ['{', 'text', '']) assert.is(await one.setInput(one.context, 1, config), 2)
  assert.is(await one.setInput(one.context, 1, '{"n-predict": "2"}'), 1)
  await one.setInput(one.context, 0, asked('Count to 20.'))
  assert.is(await one.call('compute', one.context), 0)
  assert.is((await one.metadata(one.context)).output_tokens, 2)
})

test('33 and 53: a configuration that makes a graph unusable leaves only another one and unload', async (t) => {
  const one = await opened(t)
  await one.setInput(one.context, 0, asked('Hello!'))
  assert.is(await one.setInput(one.context, 1, '{"embedding": true, "batch-size": 0, "ubatch-size": 0}'), 1)
  assert.is((await one.output(one.context, {single: true})).errno, 1)
  assert.is(await one.call('compute', one.context), 1)
  assert.is(await one.setInput(one.context, 0, 'Hello'), 1)
  assert.is((await one.init(0)).errno, 1)
  assert.is(await one.setInput(one.context, 1, '{"embedding": true, "batch-size": 64}'), 0)
  assert.is(await one.setInput(one.context, 0, 'Hello'), 0)
  assert.is(await one.call('compute', one.context), 0)
})

test('34 and 50: the metadata has the tokens of the prompt before compute, and the same ones each time', async (t) => {
  const one = await opened(t)
  await one.setInput(one.context, 0, asked('Hello!'))
  const before = await one.metadata(one.context)
  await one.setInput(one.context, 0, asked('Hello!'))
  assert.is((await one.metadata(one.context)).input_tokens, before.input_tokens)
  assert.equal(before.output_tokens, 0)
  await one.call('compute', one.context)
  const after = await one.metadata(one.context)
  assert.is(after.input_tokens, before.input_tokens)
  assert.equal(Object.keys(after).slice(0, 3), ['input_tokens', 'output_tokens', 'llama_build_number'])
  assert.type(after.llama_build_number, 'number')
  assert.type(after.llama_commit, 'string')
})

test('35 and 36: compute needs a context with an input', async (t) => {
  const one = await opened(t)
  for (const context of [9999, 1, -1]) assert.is(await one.call('compute', context), 1)
  assert.is(await one.call('compute', one.context), 1)
  assert.is(await one.call('compute_single', one.context), 1)
})

test('37: a prompt leaves four tokens of its context free', async (t) => {
  const one = await opened(t, {'ctx-size': 32})
  const measured = async (prompt: string): Promise<[errno: number, tokens: unknown]> => {
    await one.setInput(one.context, 0, prompt)
    const {input_tokens: tokens} = await one.metadata(one.context)
    await one.setInput(one.context, 1, '{"n-predict": 1}')
    return [await one.call('compute', one.context), tokens]
  }
  const found = new Map<unknown, number>()
  for (let words = 6; words < 22; words++) {
    const [errno, tokens] = await measured('one '.repeat(words))
    found.set(tokens, errno)
  }
  for (const [tokens, errno] of found) assert.is(errno, (tokens as number) > 28 ? 102 : 0, `${String(tokens)} tokens`)
  assert.ok([...found.values()].includes(102) && [...found.values()].includes(0))
})

test('38: a context that becomes full gives 101, and the text so far can be read', async (t) => {
  const one = await opened(t, {'ctx-size': 40})
  await one.setInput(one.context, 0, asked('Count to 20.'))
  assert.is(await one.call('compute', one.context), 101)
  assert.match((await one.output(one.context)).text, /^1, 2, 3, 4/)
})

test('39: an embedding has a limit of one batch, and a vector otherwise', async (t) => {
  const one = await opened(t, {embedding: true, 'batch-size': 8})
  await one.setInput(one.context, 0, 'a text that has many more tokens than the eight of a batch')
  assert.is(await one.call('compute', one.context), 102)
  await one.setInput(one.context, 0, 'Hello')
  assert.is(await one.call('compute', one.context), 0)
  const {n_embedding: size, embedding} = JSON.parse((await one.output(one.context)).text) as {
    n_embedding: number
    embedding: number[]
  }
  assert.is(embedding.length, size)
  assert.ok(Math.abs(Math.hypot(...embedding) - 1) < 1e-6)
})

test('40, 52 and 56: after unload nothing computes, and outputs can still be read', async (t) => {
  const one = await opened(t)
  await one.setInput(one.context, 0, asked('Hello!'))
  assert.is(await one.call('compute', one.context), 0)
  const [before, metadata] = [await one.output(one.context), await one.metadata(one.context)]
  assert.is(before.text, 'Hello! How can I help you?')
  assert.is(await one.call('unload', 0), 0)
  assert.is(await one.call('compute', one.context), 1)
  assert.is(await one.call('compute_single', one.context), 1)
  assert.is(await one.setInput(one.context, 0, 'Hello'), 1)
  assert.equal(await one.output(one.context), before)
  assert.equal(await one.metadata(one.context), metadata)
  assert.equal((await one.output(one.context, {single: true})).errno, 0)
  assert.is(await one.call('fini_single', one.context), 0)
  assert.is(await one.call('finalize_execution_context', one.context), 0)
  assert.is((await one.output(one.context)).errno, 1)
})

test('56: unload does not wait for a running compute', async (t) => {
  const one = await opened(t, {'ignore-eos': true, 'ctx-size': 2048})
  await one.setInput(one.context, 0, asked('Hello!'))
  const computing = one.call('compute', one.context)
  assert.is(await one.call('unload', 0), 0)
  assert.not.equal(await computing, 0)
})

test('41, 42 and 54: compute_single gives a token each time, then 100', async (t) => {
  const one = await opened(t)
  for (const name of ['compute_single', 'fini_single'] as const) assert.is(await one.call(name, 9999), 1)
  await one.setInput(one.context, 0, asked('Hello!'))
  for (const round of ['first', 'second']) {
    let answer = ''
    let errno = 0
    while (errno === 0 && answer.length < 100) {
      errno = await one.call('compute_single', one.context)
      if (errno === 0) answer += (await one.output(one.context, {single: true})).text
    }
    assert.equal({errno, answer, round}, {errno: 100, answer: 'Hello! How can I help you?', round})
  }
  assert.is(await one.call('fini_single', one.context), 0)
})

test('43 to 46 and 51: get_output checks its arguments, and has 0 bytes before compute', async (t) => {
  const one = await opened(t)
  for (const single of [false, true]) {
    assert.equal(await one.output(one.context, {single}), {errno: 0, written: 0, text: ''})
    assert.is((await one.output(9999, {single})).errno, 1)
    assert.is((await one.output(one.context, {single, index: 2})).errno, 1)
  }
  for (const [address, size, written] of [
    [buffer, 16, end],
    [buffer, 16, end - 3],
    [end, 0, out],
    [end - 8, 9, out],
    [-1, 1, out],
    [buffer, -1, out],
  ]) {
    assert.is(await one.call('get_output', one.context, 0, address ?? 0, size ?? 0, written ?? 0), 1)
  }
})

test('47 to 49: a buffer that is too small stays untouched, and the needed size is written', async (t) => {
  const one = await opened(t)
  await one.setInput(one.context, 0, asked('Hello!'))
  await one.call('compute', one.context)
  const needed = 'Hello! How can I help you?'.length
  one.write(buffer, 'untouched')
  for (const size of [0, 1, needed - 1]) {
    assert.equal(await one.output(one.context, {size}), {errno: 7, written: needed, text: ''})
    assert.is(one.read(buffer, 9), 'untouched')
  }
  assert.equal(await one.output(one.context, {size: needed}), {
    errno: 0,
    written: needed,
    text: 'Hello! How can I help you?',
  })
})

test('55 and 57: nothing is released twice', async (t) => {
  const one = await opened(t)
  for (const name of ['unload', 'finalize_execution_context'] as const) {
    assert.is(await one.call(name, 9999), 1)
    assert.is(await one.call(name, 0), 0)
    assert.is(await one.call(name, 0), 1)
  }
})

test('60: a guest without a memory gets 3 from every function', () => {
  for (const name of nnFunctions) {
    assert.equal(beginCall(name, undefined, [0, 0, 0, 0, 0]).finish({errno: 0}), 3)
  }
})

test('a memory that grows during a call gets the result', async (t) => {
  const one = await opened(t)
  await one.setInput(one.context, 0, asked('Hello!'))
  const computing = one.call('compute', one.context)
  one.memory.grow(1)
  assert.is(await computing, 0)
  const reading = one.call('get_output', one.context, 0, buffer, 100, out)
  one.memory.grow(1)
  assert.is(await reading, 0)
  assert.is(one.read(buffer, one.view.getUint32(out, true)), 'Hello! How can I help you?')
})

test('a reply that no longer fits is an errno, not a crash', () => {
  const memory = new WebAssembly.Memory({initial: 1})
  const {finish} = beginCall('get_output', memory, [0, 0, end - 8, 8, 0])
  const shrunk = beginCall('load_by_name', memory, [0, 0, 0])
  assert.is(finish({errno: 0, bytes: new Uint8Array(9)}), 1)
  assert.is(shrunk.finish({errno: 8}), 8)
})
