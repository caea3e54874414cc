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

const stars: [what: string, text: string, place: [number, number], message: RegExp, first: string][] = [
  ['an alias', 'a: 1\nrun: *Hello\n', [2, 6], /^there is no anchor &Hello before \*Hello$/, '*'],
  ['bold words', 'a: 1\nrun: **Hello** you\n', [2, 16], /./, '*'],
  ['an item', 'a:\n  - *Hello\n', [2, 5], /^there is no anchor &Hello/, '*'],
  ['an item of a flow list', 'a: [b, *Hello]\n', [1, 8], /^there is no anchor &Hello/, '*'],
  ['an alias before its anchor', 'a: *x\nb: &x {c: 1}\n', [1, 4], /^there is no anchor &x before \*x$/, '*'],
  ['an anchor', 'a: 1\nrun: &Hello there\n', [2, 13], /^nothing uses the anchor &Hello$/, '&'],
  ['a tag', 'a: 1\nrun: !important now\n', [2, 6], /^Unresolved tag: !important$/, '!'],
  ['a tag without a name', 'a: 1\nrun: ! now\n', [2, 8], /^the tag ! has no name$/, '!'],
  ['a directive', 'a: 1\nrun: %d items\n', [2, 6], /cannot start with directive/, '%'],
  ['a name', 'a: 1\nrun: @Ada hello\n', [2, 6], /cannot start with reserved character @/, '@'],
  ['code', 'a: 1\nrun: `ls` lists\n', [2, 6], /cannot start with reserved character `/, '`'],
]
for (const [what, text, place, message, first] of stars) {
  test(`a text that reads as ${what} is refused at its place, with what to do`, () => {
    const [problem] = problemsOf(text)
    assert.match(problem?.message ?? '', message)
    assert.equal([problem?.line, problem?.column], place)
    assert.is(problem?.hint, `Quote a text that begins with ${first}: "${first}…"`)
  })
}

test('an alias inside of what it stands for is refused', () => {
  const [problem] = problemsOf('a: 1\nb: &x\n  - *x\n')
  assert.equal([problem?.line, problem?.message], [3, '*x is part of &x, for which it stands'])
})

test('anchors of lists and objects may stay unused, and those of values may be used', () => {
  assert.equal(parseText('a: &x [1]\nb: &y 2\nc: *y\nd: &z {e: 3}\n').value, {a: [1], b: 2, c: 2, d: {e: 3}})
})

test('a bomb of aliases is refused at its last alias', () => {
  const line = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]\n`
  const bomb = 'a: &a [x]\n' + line('b', 'a') + line('c', 'b') + line('d', 'c') + line('e', 'd')
  assert.is(problemsOf(bomb)[0]?.line, 5)
})

test('numbers can be read as they are written', () => {
  const {value, written} = parseText('a: 1.10\nb: [0x1F, 1e3, 007, 5]\nc: &x {d: -0.50}\ne: *x\nf: "1.10"\ng: true\n')
  assert.equal(value, {a: 1.1, b: [31, 1000, 7, 5], c: {d: -0.5}, e: {d: -0.5}, f: '1.10', g: true})
  assert.equal([['a'], ['b', 0], ['b', 1], ['b', 2], ['b', 3], ['e', 'd']].map(written), [
    '1.10',
    '0x1F',
    '1e3',
    '007',
    '5',
    '-0.50',
  ])
  assert.equal([['f'], ['g'], ['none'], ['b']].map(written), [undefined, undefined, undefined, undefined])
})

test('an integer that a number would round stays a text', () => {
  const digits = [
    '9007199254740993',
    '12345678901234567890',
    '-9007199254740993',
    '0xFFFFFFFFFFFFFFFF',
    '9'.repeat(400),
  ]
  const {value, written} = parseText(`[${digits.join(', ')}]`)
  assert.equal(value, digits)
  assert.equal(
    digits.map((_, at) => written([at])),
    digits,
  )
  // These are exact, or what JavaScript itself writes.
  assert.equal(parseText('[9007199254740992, 1e300, 12345678901234567000]').value, [
    2 ** 53,
    1e300,
    12345678901234567e3,
  ])
  const large = `{"id": 12345678901234567890, "text": ${JSON.stringify('x'.repeat(20_000))}}`
  assert.is((parseText(large).value as {id: unknown}).id, '12345678901234567890')
})

test('keys are texts as they are written', () => {
  assert.equal(parseText('1.10: a\n0x1F: b\n12345678901234567890: c\n').value, {
    '1.10': 'a',
    '0x1F': 'b',
    '12345678901234567890': 'c',
  })
})

test('lines may end as on old Macs, also mixed', () => {
  const document = parseText('a: 1\rb:\n  - c\r\n  - "d"\r')
  assert.equal(document.value, {a: 1, b: ['c', 'd']})
  assert.is(document.locate(['b', 1]).line, 4)
  assert.is(problemsOf('a: 1\rb: *c\r')[0]?.line, 2)
})
