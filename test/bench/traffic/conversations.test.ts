import * as assert from 'uvu/assert'
import type {Traffic} from '../../../src/bench/traffic/index.js'
import {suite} from '../../support/suite.js'
import {runFake} from './support/run.js'

const test = suite('conversations')
const chats: Traffic = {
  ...{kind: 'conversations', clients: 3, conversations: 10, turns: 4, systemTokens: 5, sessions: false},
  ...{promptTokens: 8, answerTokens: {min: 2, max: 9}},
}

test('each turn sends the whole history with the answers that came', async (t) => {
  const {target, figures} = await runFake(t, chats)
  assert.equal([target.asked.length, figures.completed, target.mostInFlight], [40, 40, 3])
  const last = target.asked.filter(({ask}) => ask.history?.length === 1 + 2 * 3)
  assert.is(last.length, 10)
  for (const {ask} of last) {
    assert.equal(
      ask.history?.map(({role}) => role),
      ['system', ...['user', 'assistant', 'user', 'assistant', 'user', 'assistant']],
    )
    for (const {role, content} of ask.history ?? []) if (role === 'assistant') assert.match(content, /^a{2,9}$/)
    assert.is(ask.session, undefined)
  }
})

test('all first turns come before all second ones, in another order each time', async (t) => {
  const {target} = await runFake(t, chats)
  const turns = target.asked.map(({ask}) => ((ask.history?.length ?? 0) - 1) / 2)
  assert.equal(turns, turns.toSorted())
  // The first user message tells the conversations apart.
  const order = (turn: number): (string | undefined)[] =>
    target.asked.flatMap(({ask}, index) => (turns[index] === turn ? [ask.history?.[1]?.content ?? ask.prompt] : []))
  assert.equal(order(1).toSorted(), order(0).toSorted())
  assert.is.not(order(1).join(), order(0).join())
})

test('sessions have an id that no other conversation has', async (t) => {
  const {target} = await runFake(t, {...chats, sessions: true})
  const ids = new Set(target.asked.map(({ask}) => ask.session))
  assert.is(ids.size, 10)
  assert.not(ids.has(undefined))
})

test('a turn that fails fails the later turns of its conversation', async (t) => {
  const {figures} = await runFake(t, chats, {script: (index) => ({firstMs: 10, eachMs: 10, fails: index === 0})})
  assert.equal([figures.failed, figures.completed], [4, 36])
})
