import * as assert from 'uvu/assert'
import type {OutputMetadata} from '../../../src/backend/contract/types.js'
import type {ExecutionContext} from '../../../src/backend/host/contexts/execution-context.js'
import {Journal} from '../../../src/backend/host/journal.js'
import type {Logger} from '../../../src/backend/logging/logger.js'
import {suite} from '../../support/suite.js'

const test = suite('the log of a backend')

const context = {
  id: 1,
  session: {id: 's'},
  graph: {id: 0, config: {model: {ctx_size: 2048}}},
} as unknown as ExecutionContext

/** What the log says of the context's use after this answer. */
function contextUse(input_tokens: number, output_tokens: number): unknown {
  const lines: {text: string; fields: Record<string, unknown>}[] = []
  const log = (_level: string, _area: string, text: string, fields: object): void =>
    void lines.push({text, fields: {...fields}})
  const journal = new Journal({log} as unknown as Logger)
  journal.answered(context, {input_tokens, output_tokens} as OutputMetadata, 0, true)
  return lines.find(({text}) => text === 'context use')?.fields.context_tokens
}

test('has no more tokens in a context than fit, also after context shifts', () => {
  assert.is(contextUse(20, 11), 31)
  assert.is(contextUse(496, 10_000), 2048)
})
