import {EventEmitter, once} from 'node:events'
import * as assert from 'uvu/assert'
import type {Output} from '../../src/terminal/style.js'
import {TransientLine} from '../../src/terminal/transient-line.js'
import {suite} from '../support/suite.js'

const test = suite('lines that come and go')

const erase = '\r\u001b[K'

class Terminal extends EventEmitter {
  readonly written: string[] = []
  readonly writable = true

  constructor(
    readonly isTTY: boolean,
    readonly columns = 20,
  ) {
    super()
  }

  write(text: string): void {
    // Colours are for the terminal of the tests, which this is not.
    this.written.push(text.replaceAll(/\u001b\[\d+m/g, ''))
    this.emit('written')
  }

  get output(): Output {
    return this as unknown as Output
  }
}

test('a short wait is not worth a word', () => {
  const terminal = new Terminal(true)
  new TransientLine(terminal.output, 'Loading…', 60_000)[Symbol.dispose]()
  assert.equal(terminal.written, [])
})

test('a long one shows how far it is, on one line, and goes without a trace', async () => {
  // Five columns stay free.
  const terminal = new Terminal(true, 16)
  const line = new TransientLine(terminal.output, 'Loading…', 0)
  line.update('Loading… 1 %')
  await once(terminal, 'written')
  line.update('Loading… 20 %')
  line[Symbol.dispose]()
  line[Symbol.dispose]()
  assert.equal(terminal.written, [`${erase}Loading… 1 `, `${erase}Loading… 20`, erase])
})

test('where there is no terminal nothing is shown', () => {
  const terminal = new Terminal(false)
  const line = new TransientLine(terminal.output, 'Loading…', 0)
  line.update('Loading… 1 %')
  line[Symbol.dispose]()
  assert.equal(terminal.written, [])
})

test('what is said stays, above the line', async () => {
  const terminal = new Terminal(true)
  const line = new TransientLine(terminal.output, 'Loading…', 0)
  line.say('early')
  await once(terminal, 'written')
  line.say('late')
  line[Symbol.dispose]()
  assert.equal(terminal.written, ['early\n', `${erase}Loading…`, `${erase}late\n`, `${erase}Loading…`, erase])
})

test('it goes also when the process ends at once, and leaves no listener', async () => {
  const terminal = new Terminal(true)
  const before = process.listenerCount('exit')
  const line = new TransientLine(terminal.output, 'Loading…', 0)
  await once(terminal, 'written')
  const [last] = process.listeners('exit').slice(-1)
  assert.is(process.listenerCount('exit'), before + 1)
  last?.call(process, 130)
  assert.equal(terminal.written, [`${erase}Loading…`, erase])
  line[Symbol.dispose]()
  assert.equal([terminal.written.length, process.listenerCount('exit')], [2, before])
})
