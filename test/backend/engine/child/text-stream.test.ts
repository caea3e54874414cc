import * as assert from 'uvu/assert'
import {TextStream} from '../../../../src/backend/engine/child/text-stream.js'
import {suite} from '../../../support/suite.js'

const test = suite('text stream')

/** Each token is one byte, as byte tokens are. */
const bytesToText = (tokens: Uint32Array): string => Buffer.from(tokens).toString('utf8')

const pieces = (bytes: readonly number[]): string[] => {
  const stream = new TextStream(bytesToText)
  return [...bytes.map((byte) => stream.push(byte)), stream.end()]
}

test('a character comes out with its last byte', () => {
  assert.equal(pieces([...Buffer.from('é🙂a')]), ['', 'é', '', '', '', '🙂', 'a', ''])
})

test('bytes that never become a character are shown once, not held for ever', () => {
  const text = pieces([0x61, 0xff, 0xfe, 0xfd, 0xfc, 0x62]).join('')
  assert.match(text, /^a\uFFFD+b$/)
})

test('an unfinished character at the end is shown as one that is not known', () => {
  assert.equal(pieces([0xf0, 0x9f]), ['', '', '\uFFFD'])
})

test('a replacement character that the text really has is not lost', () => {
  assert.is(pieces([...Buffer.from('a\uFFFDb')]).join(''), 'a\uFFFDb')
})

test('tokens that read differently behind another one are read behind it', () => {
  // Like SentencePiece: a space before each word, dropped at the start of a text.
  const words = ['', 'Hello', 'world']
  const stream = new TextStream((tokens) =>
    [...tokens]
      .map((token) => ` ${words[token] ?? ''}`)
      .join('')
      .slice(1),
  )
  assert.equal([stream.push(1), stream.push(2)], ['Hello', ' world'])
})
