import * as assert from 'uvu/assert'
import {substitute, substituteTexts, valueAt, writtenNumbers} from '../../src/suites/variables.js'
import {suite} from '../support/suite.js'

const test = suite('variables')
const scope = {name: 'Alice', seed: 7, options: {temp: 0, stop: ['.']}}

test('a string that is one variable takes its value and type', () => {
  assert.equal(substitute({seed: '${seed}', options: '${options}', first: '${options.stop.0}'}, scope), {
    seed: 7,
    options: {temp: 0, stop: ['.']},
    first: '.',
  })
})

test('within a longer string the value becomes text', () => {
  assert.is(substitute('I am ${name}, ${seed}: ${options}', scope), 'I am Alice, 7: {"temp":0,"stop":["."]}')
})

test('within a text a number is as the suite writes it, until a capture replaces it', () => {
  const numbers = new Map([
    ['n', {value: 1.1, text: '1.10'}],
    ['list.0', {value: 31, text: '0x1F'}],
  ])
  const written = {n: 1.1, list: [31], [writtenNumbers]: numbers}
  assert.is(substitute('${n} and ${list.0}, ${list}', written), '1.10 and 0x1F, [31]')
  assert.is(substitute('${n}', written), 1.1)
  assert.is(substitute('version ${n}', {...written, n: 2}), 'version 2')
})

test('where a text is needed, a variable that is a number becomes one', () => {
  const written = {...scope, n: 1.1, yes: true, [writtenNumbers]: new Map([['n', {value: 1.1, text: '1.10'}]])}
  assert.equal(substituteTexts(['${n}', '${seed}', '${yes}', '${name}', '${options.stop}'], written), [
    '1.10',
    '7',
    'true',
    'Alice',
    ['.'],
  ])
})

test('$${ is a literal ${', () => {
  assert.is(substitute('$${name} is ${name}', scope), '${name} is Alice')
})

test('an unknown variable is an error that lists the known ones', () => {
  assert.throws(() => substitute('${nme}', scope), /no variable nme; known: name, seed, options/)
  assert.throws(() => substitute('${toString}', scope), /no variable toString/)
})

test('a path that leads nowhere, or into a prototype, is undefined', () => {
  assert.is(valueAt(scope, 'options.none.deeper'), undefined)
  assert.is(valueAt(scope, 'options.constructor'), undefined)
  assert.is(valueAt(scope, 'options.stop.length'), 1)
})
