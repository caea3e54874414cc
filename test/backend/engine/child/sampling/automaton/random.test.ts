import * as assert from 'uvu/assert'
import {GrammarFault} from '../../../../../../src/backend/engine/child/sampling/gbnf/grammar.js'
import {seededRandom} from '../../../../../../src/system/random.js'
import {suite} from '../../../../../support/suite.js'
import {matches} from '../support/matching.js'
import {naivelyMatches, randomGrammar} from '../support/random-grammar.js'

const test = suite('random grammars', {timeoutMs: 30_000})

test('the matcher agrees with one that tries all ways to read a text', () => {
  const random = seededRandom(11)
  let [matched, other, impossible] = [0, 0, 0]
  for (let round = 0; round < 600; round++) {
    const grammar = randomGrammar(random)
    const own = attempt(() => matches(grammar.text))
    impossible += Number(own === undefined)
    for (let length = 0; length < 25; length++) {
      const text = Array.from({length: Math.floor(random() * 9)}, () => 'aaabbbcéü'[Math.floor(random() * 9)]).join('')
      const expected = naivelyMatches(grammar, text)
      if (expected) matched++
      else other++
      assert.is(own?.(text) ?? false, expected, `${grammar.text}\n${JSON.stringify(text)}`)
    }
  }
  assert.ok(matched > 1000 && other > 1000 && impossible < 100, JSON.stringify({matched, other, impossible}))
})

/** Nothing for a grammar whose rules never end. */
function attempt<Result>(make: () => Result): Result | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof GrammarFault && error.message.startsWith('there is no text')) return undefined
    throw error
  }
}
