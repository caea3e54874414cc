import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {LinearPattern} from '../../../../src/documents/linear-pattern.js'
import {StopDetector, windowOf} from '../../../../src/backend/engine/child/stop-detector.js'
import {suite} from '../../../support/suite.js'

const test = suite('stop detector')

interface Outcome {
  text: string
  by: string | undefined
}

/** Feeds the pieces; what is shown until something is found, or at the end, must be the answer. */
const run = (pieces: readonly string[], stops: string[], patterns: string[] = []): Outcome => {
  const detector = new StopDetector(
    stops,
    patterns.map((source) => LinearPattern.compile(source)),
  )
  let shown = ''
  for (const piece of pieces) {
    const {text, found} = detector.push(piece)
    shown += text
    if (found !== undefined) return {text: shown, by: found.by}
  }
  return {text: shown + detector.end(), by: undefined}
}

test('the text ends before the stop string, wherever token borders fall', () => {
  for (const pieces of [['one END two'], ['one E', 'N', 'D two'], Array.from('one END two')]) {
    assert.equal(run(pieces, ['END']), {text: 'one ', by: 'END'})
  }
})

test('text that only began like a stop string is given out after all', () => {
  assert.equal(run(['EN', 'ding ', 'E', 'N'], ['END']), {text: 'ENding EN', by: undefined})
})

test('nothing of a possible stop string is shown early', () => {
  assert.is(new StopDetector(['END'], []).push('one EN').text, 'one ')
})

test('the first of several stop strings wins', () => {
  assert.equal(run(['a? b! c.'], ['.', '!', '?']), {text: 'a', by: '?'})
})

test('a pattern ends the text at the end of its first match', () => {
  assert.equal(run(['One. Tw', 'o. Three.'], [], ['o\\.']), {text: 'One. Two.', by: 'o\\.'})
})

test('of a pattern and a stop string the earlier end wins', () => {
  assert.is(run(['ab. END'], ['END'], ['\\.']).by, '\\.')
  assert.is(run(['END ab.'], ['END'], ['\\.']).by, 'END')
})

test('a match that is not empty counts, though an empty one comes first', () => {
  assert.equal(run(['abc Paris'], [], ['P?a?r?i?s?']), {text: 'a', by: 'P?a?r?i?s?'})
})

test('a pattern that matches the empty text never ends an answer', () => {
  assert.equal(run(['abc'], [], ['x*']), {text: 'abc', by: undefined})
})

test('for any text, stops and pieces: the answer is what stands before the earliest stop', () => {
  const letters = fc.stringMatching(/^[ab]*$/)
  fc.assert(
    fc.property(fc.array(letters), fc.array(fc.stringMatching(/^[ab]{1,3}$/), {maxLength: 3}), (pieces, stops) => {
      const text = pieces.join('')
      const {text: answer, by} = run(pieces, stops)
      const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
      if (by === undefined) assert.is(answer, text)
      else assert.ok(text.startsWith(answer) && text.startsWith(by, answer.length))
      assert.is(by === undefined, ends.length === 0)
    }),
  )
})

test('what nearly is a stop string, over and over, costs a few steps for each character', () => {
  const stop = `${'a'.repeat(200_000)}b`
  const detector = new StopDetector([stop], [])
  let shown = ''
  for (let piece = 0; piece < 200; piece++) shown += detector.push('a'.repeat(2000)).text
  assert.is(shown.length, 200_000)
  assert.equal(detector.push('b').found, {reason: 'stop', by: stop})
})

test('the window of a pattern shrinks with the work that it may take', () => {
  const work = (source: string, count = 1): number => {
    const pattern = LinearPattern.compile(source)
    const window = windowOf(pattern, count * pattern.parts)
    return count * pattern.parts * (pattern.canBeEmpty ? window ** 2 / 2 : window)
  }
  for (const source of [
    'stop',
    '(?:.*x)?',
    '(?:.*.*.*.*x)?',
    `(?:(?:${'[^]*'.repeat(10)}){20}X)?`,
    '(?:.?){450}[\\x00\\x01]',
  ])
    assert.ok(work(source) < 120_000, `${source}: ${work(source)}`)
  assert.ok(work('(?:.?){450}[\\x00\\x01]', 256) < 300_000)
  assert.is(windowOf(LinearPattern.compile('[.!?]\\s*$'), 3), 4096)
})
