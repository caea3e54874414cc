import {once} from 'node:events'
import {setImmediate as nextTurn} from 'node:timers/promises'
import * as assert from 'uvu/assert'
import {Keyboard, newlineMark, tabMark, withMarks, withoutMarks} from '../../src/chat/keyboard.js'
import {suite} from '../support/suite.js'

const test = suite('keys on their way to the line editor')

/** What gets through when these chunks are typed; the gate is opened again after each end of a line. */
async function pass(...chunks: (string | Buffer)[]): Promise<string> {
  const keyboard = new Keyboard(() => undefined)
  let passed = ''
  keyboard.on('text', (text: string) => (passed += text))
  keyboard.on('data', (keys: string) => {
    passed += keys
    if (keys === '\r') keyboard.open()
  })
  keyboard.open()
  for (const chunk of chunks) keyboard.write(chunk)
  keyboard.end()
  await once(keyboard, 'end')
  return passed
}

const n = newlineMark
const cases: [what: string, chunks: string[], passed: string][] = [
  ['keys are passed', ['ab', 'c\u001b[A\r'], 'abc\u001b[A\r'],
  ['newlines in all forms end a line', ['a\nb\r\nc\r', '\nd'], 'a\rb\rc\rd'],
  ['a paste is text with marks', ['\u001b[200~a\nb\r\nc\td\u001b[201~\r'], `a${n}b${n}c${tabMark}d\r`],
  ['a paste may come in pieces', ['\u001b[20', '0~a\r', '\nb\u001b[2', '01~c'], `a${n}bc`],
  ['escapes and Ctrl-C in a paste are dropped', ['\u001b[200~a\u001b[31m\u0003b\u001b[201~'], 'a[31mb'],
  ['Alt-Enter breaks the line', ['a\u001b\rb'], `a${n}b`],
  ['an escape that nothing follows is held', ['a\u001b', '[A'], 'a\u001b[A'],
  ['so is half of a longer one', ['a\u001b[1;', '5C'], 'a\u001b[1;5C'],
  ['Unicode line separators in a paste do not end the line', ['\u001b[200~a\u2028b\u001b[201~'], `a${n}b`],
]
for (const [what, chunks, passed] of cases) test(what, async () => assert.is(await pass(...chunks), passed))

test('characters that arrive in halves are passed whole', async () => {
  const bytes = Buffer.from('é🙂')
  assert.is(await pass(...[...bytes].map((byte) => Buffer.from([byte]))), 'é🙂')
})

test('characters that arrive together are a text, in order with the keys around them', () => {
  const keyboard = new Keyboard(() => undefined)
  const passed: string[] = []
  for (const event of ['data', 'text']) keyboard.on(event, (what: string) => passed.push(`${event} ${what}`))
  keyboard.open()
  keyboard.write('a')
  keyboard.write('bc\u001b[D🙂é🙂\u0001\u001bbx\u001b[1;5Cyz')
  keyboard.write('\u001b[200~one\ntwo\u001b[201~')
  assert.equal(passed, [
    ...['data a', 'text bc', 'data \u001b[D', 'text 🙂é🙂', 'data \u0001', 'data \u001bb', 'data x'],
    ...['data \u001b[1;5C', 'text yz', `text one${n}two`],
  ])
})

test('keys wait while the editor is paused', () => {
  const {keyboard, passed} = typing()
  keyboard.open()
  keyboard.pause()
  keyboard.write('ab')
  assert.is(passed(), '')
  keyboard.resume()
  assert.is(passed(), 'ab')
})

test('keys wait while the gate is closed, and a line closes it', async () => {
  const {keyboard, passed} = typing()
  keyboard.write('early')
  await nextTurn()
  assert.is(passed(), '')
  keyboard.open()
  keyboard.write(' bird\rnext\r')
  await nextTurn()
  assert.is(passed(), 'early bird\r')
  keyboard.open()
  await nextTurn()
  assert.is(passed(), 'early bird\rnext\r')
})

test('Ctrl-C is told at once while the gate is closed, and what was typed before is forgotten', async () => {
  const {keyboard, passed, interrupts} = typing()
  keyboard.write('abc\u0003def')
  assert.is(interrupts(), 1)
  keyboard.open()
  await nextTurn()
  assert.is(passed(), 'def')
})

test('Ctrl-C is told after the keys before it while the gate is open, and closes it', async () => {
  const {keyboard, passed, interrupts} = typing()
  keyboard.open()
  keyboard.write('abc\u0003def')
  assert.is(interrupts(), 0)
  await nextTurn()
  await nextTurn()
  assert.equal([interrupts(), passed()], [1, 'abc'])
})

test('Ctrl-C after a paste is seen while the gate is closed, one within it is not', () => {
  const {keyboard, interrupts} = typing()
  keyboard.write('\u001b[200~a\u0003b\u001b[201~')
  assert.is(interrupts(), 0)
  keyboard.write('\u0003')
  assert.is(interrupts(), 1)
})

test('marks stand for newlines and tabs, there and back', () => {
  assert.is(withMarks('a\r\nb\n\tc'), `a${n}b${n}${tabMark}c`)
  assert.is(withoutMarks(withMarks('a\nb\n\tc')), 'a\nb\n\tc')
})

function typing() {
  const keyboard = new Keyboard(() => undefined)
  let passed = ''
  let interrupts = 0
  for (const event of ['data', 'text']) keyboard.on(event, (keys: string) => (passed += keys))
  keyboard.on('interrupt', () => interrupts++)
  return {keyboard, passed: () => passed, interrupts: () => interrupts}
}
