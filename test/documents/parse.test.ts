import * as assert from 'uvu/assert'
import fc from 'fast-check'
import {DocumentError, parseText} from '../../src/documents/index.js'
import {suite} from '../support/suite.js'

const test = suite('parseText')

function problemsOf(text: string): DocumentError['problems'] {
  try {
    parseText(text, {file: 'a.yaml'})
  } catch (error) {
    if (error instanceof DocumentError) return error.problems
    throw error
  }
  throw new Error('The text was accepted.')
}

test('YAML is read by the 1.2 core schema', () => {
  const {value} = parseText('a: yes\nb: 012\nc: 0o14\nd: 1e3\ne: 2020-01-01\nf: ~\n')
  assert.equal(value, {a: 'yes', b: 12, c: 12, d: 1000, e: '2020-01-01', f: null})
})

test('what JSON can say is read as JSON reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
      const json = JSON.stringify(value, null, indent)
      assert.equal(JSON.stringify(parseText(json).value), JSON.stringify(JSON.parse(json)))
    }),
  )
})

test('a merge key is an ordinary key', () => {
  assert.equal(parseText('a: &x {b: 1}\nc: {<<: *x}\n').value, {a: {b: 1}, c: {'<<': {b: 1}}})
})

test('a syntax error says where it is and shows the line', () => {
  const [problem] = problemsOf('a: 1\nb: "x\n')
  assert.is(problem?.file, 'a.yaml')
  assert.is(problem?.line, 3)
  assert.ok(problem?.message.startsWith('Missing closing'), problem?.message)

  const [broken] = problemsOf('{"incomplete":')
  assert.equal([broken?.line, broken?.column], [1, 15])
  assert.is(broken?.excerpt, '{"incomplete":\n              ^')
})

test('a key that is there twice is refused', () => {
  const [problem] = problemsOf('a: 1\nb: 2\na: 3\n')
  assert.equal([problem?.line, problem?.column], [3, 1])
})

test('an unknown tag is refused', () => {
  assert.is(problemsOf('a: !env HOME\n').length, 1)
})

test('a bomb of aliases is refused', () => {
  const line = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]\n`
  const bomb = 'a: &a [x]\n' + line('b', 'a') + line('c', 'b') + line('d', 'c') + line('e', 'd')
  assert.is(problemsOf(bomb)[0]?.message, 'expands too many aliases')
})

test('nesting beyond the stack is refused', () => {
  assert.is(problemsOf('['.repeat(100_000))[0]?.message, 'is nested too deeply')
})

test('locate finds values, keys, items of lists, and what an alias stands for', () => {
  const {locate} = parseText('a:\n  - x\n  - b: 1\nc: &d {e: 2}\nf: *d\n7: z\n')
  assert.equal(locate(['a', 1, 'b']), {line: 3, column: 8})
  assert.equal(locate(['a', 1, 'b'], 'key'), {line: 3, column: 5})
  assert.equal(locate(['f', 'e']), {line: 4, column: 11})
  assert.equal(locate(['7']), {line: 6, column: 4})
})

test('locate gives the nearest place for a path that leads nowhere', () => {
  const {locate} = parseText('a:\n  b: 1\n')
  assert.equal(locate(['a', 'x', 'y']), {line: 2, column: 3})
  assert.equal(locate([]), {line: 1, column: 1})
  assert.equal(parseText('').locate(['a']), {line: 1, column: 1})
})

test('a document error is an error of the argument', () => {
  const error = new DocumentError(problemsOf('{'))
  assert.is(error.code, 'invalid_argument')
  assert.ok(error.message.startsWith('a.yaml:1:2 '), error.message)
})
