import * as assert from 'uvu/assert'
import {substitute, valueAt} from '../../src/suites/variables.js'
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
