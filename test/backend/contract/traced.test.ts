import * as assert from 'uvu/assert'
import {traceBackend} from '../../../src/backend/contract/traced.js'
import {NnError} from '../../../src/errors.js'
import type {Backend} from '../../../src/index.js'
import type {TracedCall} from '../../../src/system/trace-file.js'
import {suite} from '../../support/suite.js'

const test = suite('traceBackend')

/** A backend with only these methods. */
class Scripted {
  private readonly context = 3
  initExecutionContext = (): Promise<number> => Promise.resolve(this.context)

  setInput(): Promise<void> {
    return Promise.resolve()
  }

  getOutput(): Promise<number> {
    return Promise.reject(new NnError('context_closed', 'It is closed.'))
  }

  status(): Promise<string> {
    return Promise.resolve(`status of ${this.context}`)
  }
}

test('each call is reported after its end, with its arguments by name and its result or error', async () => {
  const calls: TracedCall[] = []
  const backend = traceBackend(new Scripted() as unknown as Backend, (call) => void calls.push(call))
  assert.is(await backend.initExecutionContext(0), 3)
  await backend.setInput(3, 0, {dimensions: [1], type: 'u8', data: Buffer.from('Hello '.repeat(100))})
  const error = await backend.getOutput(3, 0, new Uint8Array(8)).catch((thrown: unknown) => thrown)
  assert.instance(error, NnError)
  assert.equal(
    calls.map(({startMs, endMs, ...call}) => ({...call, isOrdered: startMs <= endMs})),
    [
      {call: 'init_execution_context', args: {graph: 0}, result: 3, isOrdered: true},
      {
        call: 'set_input',
        args: {
          context: 3,
          index: 0,
          tensor: {dimensions: [1], type: 'u8', bytes: 600, text: `${'Hello '.repeat(100).slice(0, 200)}…`},
        },
        isOrdered: true,
      },
      {
        call: 'get_output',
        args: {context: 3, index: 0, buffer: '8 bytes'},
        error: {code: 'invalid_argument', reason: 'context_closed', message: 'It is closed.'},
        isOrdered: true,
      },
    ],
  )
})

test('other methods and the class stay the same', async () => {
  const backend = traceBackend(new Scripted() as unknown as Backend, () => assert.unreachable())
  assert.instance(backend, Scripted)
  assert.is(await backend.status('queue'), 'status of 3')
})
