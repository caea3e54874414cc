import {execFile} from 'node:child_process'
import path from 'node:path'
import {promisify} from 'node:util'
import * as assert from 'uvu/assert'
import {NnError, type NnBackend} from '../../src/index.js'
import {GraphExecutionContext, ResultError, Tensor, type ComponentHost} from '../../src/wasm/component/resources.js'
import {wasiNnImports} from '../../src/wasm/component/index.js'
import type {NnRequest} from '../../src/wasm/abi/messages.js'
import {suite} from '../support/suite.js'
import {newerNode, noNewerNode} from './support/newer-node.js'

const test = suite('wasi:nn for components', {timeoutMs: 60_000})
const root = path.join(import.meta.dirname, '../..')

test('a component that jco transpiled gets answers and errors', async (t) => {
  const node = newerNode() ?? t.skip(noNewerNode)
  const argv = ['--import', 'tsx', path.join(root, 'test/wasm/support/component.ts')]
  const {stdout} = await promisify(execFile)(node, argv, {cwd: root})
  const [first, second, gone, unknown, long] = stdout.split('\n')
  assert.equal([first, second], ['Hello! How can I help you?', '4 + 5 = 9.'])
  assert.match(gone ?? '', /^error: model_not_found: .*such\.gguf/)
  assert.is(unknown, 'error: not_found: There is no preloaded model "other".')
  assert.match(long ?? '', /^error: prompt_too_long: /)
})

/** A host that notes the requests, and gives an output of this text. */
function scripted(text: string): {host: ComponentHost; requests: NnRequest[]} {
  const requests: NnRequest[] = []
  const host: ComponentHost = {
    perform: (request) => {
      requests.push(request)
      if (request.call !== 'get_output') return Promise.resolve({})
      const bytes = Buffer.from(text)
      if (request.size >= bytes.length) return Promise.resolve({bytes})
      return Promise.reject(new NnError('buffer_too_small', 'It is too small.', {neededBytes: bytes.length}))
    },
    later: () => undefined,
  }
  return {host, requests}
}

test('compute sets the configuration before the prompt, and returns the text and the metadata', async () => {
  const {host, requests} = scripted('x'.repeat(2_000_000))
  const tensor = (text: string): Tensor => new Tensor([text.length], 'U8', Buffer.from(text))
  const outputs = await new GraphExecutionContext(host, 5).compute([
    ['prompt', tensor('Hello')],
    ['config', tensor('{}')],
  ])
  assert.equal(
    outputs.map(([name, output]) => [name, output.ty(), ...output.dimensions()]),
    [
      ['output', 'U8', 2_000_000],
      ['metadata', 'U8', 2_000_000],
    ],
  )
  const inputs = requests.flatMap((request) => (request.call === 'set_input' ? [[request.context, request.index]] : []))
  assert.equal(inputs, [
    [5, 1],
    [5, 0],
  ])
})

test('an error has a code of the wit, and the code of this project in its text', async () => {
  const backend = {} as NnBackend
  const {imports} = wasiNnImports(backend)
  const {loadByName, load} = imports['wasi:nn/graph']
  const errorOf = async (call: Promise<unknown>): Promise<[code: string, data: string]> => {
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.instance(error, ResultError)
    const {payload} = error as ResultError
    assert.instance(payload, imports['wasi:nn/errors'].Error)
    return [payload.code(), payload.data()]
  }
  assert.equal(await errorOf(loadByName('x')), ['not-found', 'not_found: There is no preloaded model "x".'])
  assert.is((await errorOf(load([new Uint8Array(1)], 'onnx', 'cpu')))[0], 'invalid-encoding')
})
