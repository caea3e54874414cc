import * as assert from 'uvu/assert'
import {excerptAt, formatPath, renderProblem} from '../../src/documents/problem.js'
import {suite} from '../support/suite.js'

const test = suite('problems')

test('a problem is rendered with its place, what is wrong, what to do, and the line', () => {
  const text = renderProblem({
    file: 'a.yaml',
    line: 3,
    column: 5,
    path: 'steps[0].tmep',
    message: 'unknown key "tmep"',
    hint: 'Did you mean "temp"?',
    excerpt: 'tmep: 1\n^',
  })
  assert.is(text, 'a.yaml:3:5 steps[0].tmep: unknown key "tmep"\n  Did you mean "temp"?\n  tmep: 1\n  ^')
})

test('what a problem does not have is left out', () => {
  assert.is(
    renderProblem({line: 0, column: 0, path: '', message: 'must be an object', excerpt: ''}),
    'must be an object',
  )
  assert.is(renderProblem({line: 1, column: 2, path: 'a', message: 'is wrong', excerpt: ''}), '1:2 a: is wrong')
})

test('paths are written as in JavaScript', () => {
  assert.is(formatPath(['steps', 2, 'expect', 'text']), 'steps[2].expect.text')
  assert.is(formatPath([]), '')
})

test('the caret stands below its character, tabs included', () => {
  assert.is(excerptAt('a\n\tb: 1', 2, 5), '\tb: 1\n\t   ^')
})

test('a long line is cut around the character', () => {
  const [line = '', caret = ''] = excerptAt(`${'x'.repeat(500)}!${'y'.repeat(500)}`, 1, 501).split('\n')
  assert.is(line[caret.indexOf('^')], '!')
  assert.ok(line.length <= 102, `${line.length} characters`)
})
