import * as assert from 'uvu/assert'
import {textQuestions} from '../../../../../src/backend/engine/child/prompt/text-questions.js'
import {unpackTokens} from '../../../../../src/backend/engine/packed-tokens.js'
import {qwen} from '../../../../support/fixtures.js'
import {suite} from '../../../../support/suite.js'
import {nativeModel} from '../support/native-model.js'

const test = suite('questions about texts', {timeoutMs: 20_000})

test('the text of each token is looked up once, however long a text is', async () => {
  await using model = await nativeModel(qwen)
  const engine = model.withTemplate()
  let lookups = 0
  const piece = engine.piece.bind(engine)
  engine.piece = (token) => {
    lookups++
    return piece(token)
  }
  const questions = textQuestions(engine)
  const text = 'The quick brown fox <|im_end|> '.repeat(1000)
  const options = {addSpecial: false, parseSpecial: true}
  const {tokens, pieces} = unpackTokens(await questions.tokenize(text, options))
  assert.is(pieces.join(''), text)
  assert.is(lookups, new Set(tokens).size)
})
