import * as assert from 'uvu/assert'
import {
  createValidator,
  parseText,
  taggedUnion,
  Type,
  validateDocument,
  type Problem,
} from '../../src/documents/index.js'
import {suite} from '../support/suite.js'

const test = suite('validateDocument')

const Step = taggedUnion('do', {
  say: Type.Object(
    {text: Type.String({minLength: 1}), times: Type.Optional(Type.Integer({minimum: 1, maximum: 9}))},
    {additionalProperties: false},
  ),
  wait: Type.Object({ms: Type.Integer({minimum: 0})}, {additionalProperties: false}),
})

const Sheet = Type.Object(
  {
    name: Type.String({pattern: '^[a-z]+$'}),
    layers: Type.Optional(Type.Union([Type.Integer({minimum: 0}), Type.Literal('auto'), Type.Literal('max')])),
    mode: Type.Optional(Type.Enum(['lru', 'fifo', 'smart'])),
    stop: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
    pattern: Type.Optional(Type.String({format: 'regex'})),
    bias: Type.Optional(Type.Array(Type.Tuple([Type.Integer(), Type.Number()]))),
    env: Type.Optional(Type.Object({}, {propertyNames: {pattern: '^[A-Z]+$'}})),
    when: Type.Optional(
      Type.Union([
        Type.Object({equals: Type.Integer()}, {additionalProperties: false}),
        Type.Object({above: Type.Integer(), below: Type.Integer()}, {additionalProperties: false}),
      ]),
    ),
    steps: Type.Optional(Type.Array(Step)),
  },
  {additionalProperties: false},
)
const validate = createValidator(Sheet)

function check(text: string): Pick<Problem, 'line' | 'column' | 'path' | 'message' | 'hint'>[] {
  return validateDocument(parseText(text), validate).map(({line, column, path, message, hint}) => ({
    line,
    column,
    path,
    message,
    ...(hint !== undefined && {hint}),
  }))
}

test('a valid document has no problem', () => {
  assert.equal(check('name: abc\nlayers: auto\nstop: [x]\nsteps: [{do: say, text: hi}, {do: wait, ms: 1}]\n'), [])
})

const mistakes: [string, string, ReturnType<typeof check>[number]][] = [
  [
    'an unknown key is shown by its own place, with the key that was meant',
    'name: abc\nmoed: lru\n',
    {line: 2, column: 1, path: 'moed', message: 'unknown key "moed"', hint: 'Did you mean "mode"?'},
  ],
  [
    'a missing key is shown at the start of its object',
    '\nmode: lru\n',
    {line: 2, column: 1, path: '', message: '"name" is missing; it is a string that matches ^[a-z]+$'},
  ],
  [
    'a misspelt key that is required is one mistake',
    'nmae: abc\n',
    {line: 1, column: 1, path: 'nmae', message: 'unknown key "nmae"', hint: 'Did you mean "name"?'},
  ],
  [
    'a value out of an enumeration names the choices',
    'name: abc\nmode: lro\n',
    {
      line: 2,
      column: 7,
      path: 'mode',
      message: 'must be "lru", "fifo" or "smart"; got "lro"',
      hint: 'Did you mean "lru"?',
    },
  ],
  [
    'a value of another type is shown with the type that is wanted',
    'name: [1]\n',
    {line: 1, column: 7, path: 'name', message: 'must be a string that matches ^[a-z]+$; got [1]'},
  ],
  [
    'a value that fits no branch of a union is one mistake',
    'name: abc\nlayers: -3\n',
    {line: 2, column: 9, path: 'layers', message: 'must be an integer of at least 0, "auto" or "max"; got -3'},
  ],
  [
    'a mistake inside the branch that was meant is shown there',
    'name: abc\nstop: [a, 1]\n',
    {
      ...{line: 2, column: 11, path: 'stop[1]', message: 'must be a string; got 1'},
      hint: 'Quote it if it is a text: "1"',
    },
  ],
  [
    'an object of a union without tags is compared with the branch that it fits best',
    'name: abc\nwhen: {above: 1, below: x}\n',
    {line: 2, column: 25, path: 'when.below', message: 'must be an integer; got "x"'},
  ],
  [
    'an object that fits every branch as badly is compared with them all',
    'name: abc\nwhen: 5\n',
    {
      line: 2,
      column: 7,
      path: 'when',
      message: 'must be an object with "equals" or an object with "above" and "below"; got 5',
    },
  ],
  [
    'a regular expression that is none is refused',
    'name: abc\npattern: "("\n',
    {line: 2, column: 10, path: 'pattern', message: 'must be a regular expression; got "(": unterminated group'},
  ],
  [
    'a tuple that is too short is refused',
    'name: abc\nbias: [[1]]\n',
    {line: 2, column: 8, path: 'bias[0]', message: 'must be a list of an integer and a number; got [1]'},
  ],
  [
    'a name of a key that is not allowed is shown at the key',
    'name: abc\nenv: {home: 1}\n',
    {line: 2, column: 7, path: 'env.home', message: 'must be a string that matches ^[A-Z]+$; got "home"'},
  ],
  [
    'an unknown tag names the tags',
    'name: abc\nsteps:\n  - do: sai\n    text: hi\n',
    {
      line: 3,
      column: 9,
      path: 'steps[0].do',
      message: 'must be "say" or "wait"; got "sai"',
      hint: 'Did you mean "say"?',
    },
  ],
  [
    'a missing tag is one mistake',
    'name: abc\nsteps:\n  - od: say\n',
    {line: 3, column: 5, path: 'steps[0]', message: '"do" is missing; it is "say" or "wait"'},
  ],
  [
    'a mistake in a tagged object is reported against its own branch alone',
    'name: abc\nsteps:\n  - {do: say, text: hi, times: 12}\n',
    {line: 3, column: 32, path: 'steps[0].times', message: 'must be an integer from 1 to 9; got 12'},
  ],
]
for (const [sentence, text, problem] of mistakes) test(sentence, () => assert.equal(check(text), [problem]))

test('problems come in the order of their places', () => {
  assert.equal(
    check('zzzzz: 1\nname: 5\nsteps: 3\n').map(({path}) => path),
    ['zzzzz', 'name', 'steps'],
  )
})
