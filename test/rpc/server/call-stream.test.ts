import {EventEmitter} from 'node:events'
import type {ServerResponse} from 'node:http'
import * as assert from 'uvu/assert'
import {CallStream} from '../../../src/rpc/server/call-stream.js'
import {suite} from '../../support/suite.js'

const test = suite('events to a client')

/** A response whose reader takes one line, then none until it is told to go on. */
class Reader extends EventEmitter {
  readonly lines: string[] = []
  destroyed = false
  isFull = false

  writeHead(): this {
    return this
  }

  write(line: string): boolean {
    this.lines.push(line.trim())
    return !this.isFull
  }

  end(): void {
    this.destroyed = true
  }
}

function open(onStuck = (): void => undefined): {reader: Reader; stream: CallStream} {
  const reader = new Reader()
  return {reader, stream: new CallStream(reader as unknown as ServerResponse, onStuck)}
}

test('text that waits for a slow reader becomes one piece, of progress the last counts', () => {
  const {reader, stream} = open()
  reader.isFull = true
  for (const text of ['a', 'b', 'c']) stream.event('onText', [text])
  for (const fraction of [0.1, 0.2]) stream.event('onProgress', [fraction])
  assert.equal(reader.lines, ['{"event":"onText","args":["a"]}'])
  reader.isFull = false
  reader.emit('drain')
  assert.equal(reader.lines.slice(1), ['{"event":"onText","args":["bc"]}', '{"event":"onProgress","args":[0.2]}'])
})

test('the last line comes after all that waits', () => {
  const {reader, stream} = open()
  reader.isFull = true
  for (const text of ['a', 'b', 'c']) stream.event('onText', [text])
  stream.end({result: 1})
  assert.equal(reader.lines.slice(1), ['{"event":"onText","args":["bc"]}', '{"result":1}'])
})

test('a reader who takes nothing while megabytes wait is given up', () => {
  let stuck = false
  const {reader, stream} = open(() => (stuck = true))
  reader.isFull = true
  for (let i = 0; i < 10; i++) stream.event('onText', ['x'.repeat(1024 ** 2)])
  assert.ok(stuck)
})
