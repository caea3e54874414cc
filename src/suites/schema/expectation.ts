import type {Static} from 'typebox'
import {errorCodes, type ErrorCode} from '../../errors.js'
import {Type} from '../../documents/index.js'
import {ConditionRef, Fields, NumberLike, Pattern, textOperators} from './condition.js'

const codes = Object.keys(errorCodes) as ErrorCode[]
const Code = Type.Unsafe<ErrorCode>({type: 'string', enum: codes})

const TextExpectation = Type.Object(
  {
    ...textOperators,
    token_count: Type.Optional(
      Type.Object(
        {
          equals: Type.Optional(NumberLike),
          min: Type.Optional(NumberLike),
          max: Type.Optional(NumberLike),
        },
        {additionalProperties: false, minProperties: 1, description: 'How many tokens the answer has.'},
      ),
    ),
  },
  {additionalProperties: false, minProperties: 1},
)

const ErrorExpectation = Type.Object(
  {
    code: Code,
    message: Type.Optional(
      Type.Object(
        {contains: Type.Optional(Type.String()), matches: Type.Optional(Pattern)},
        {additionalProperties: false, minProperties: 1, description: 'What the message, with its hint, says.'},
      ),
    ),
    optional: Type.Optional(
      Type.Boolean({description: 'The step may also succeed; the other expectations hold for that case.'}),
    ),
  },
  {additionalProperties: false},
)

const RecordExpectation = Type.Object(
  {
    where: Type.Optional({...Fields, description: 'Which records are meant; all without it.'}),
    count: Type.Optional(ConditionRef),
    every: Type.Optional({...Fields, description: 'What must hold in each of them.'}),
  },
  {additionalProperties: false},
)

/** What must hold after a step. */
export const Expectation = Type.Object(
  {
    text: Type.Optional(
      Type.Union([Type.String(), TextExpectation], {
        description: 'The answer: exactly this text, or what holds of it.',
      }),
    ),
    error: Type.Optional(
      Type.Union([Code, ErrorExpectation], {
        description: 'The step fails with this error. Without it, it must not fail.',
      }),
    ),
    status: Type.Optional({...Fields, description: 'Path in the status → what must hold there.'}),
    metadata: Type.Optional({...Fields, description: 'Path in output 1 of the context → what must hold there.'}),
    value: Type.Optional({...Fields, description: 'Path in what the step gave → what must hold there.'}),
    records: Type.Optional(
      Type.Array(RecordExpectation, {minItems: 1, description: 'What holds of the JSON lines of a file.'}),
    ),
    duration: Type.Optional(
      Type.Object(
        {min_ms: Type.Optional(NumberLike), max_ms: Type.Optional(NumberLike)},
        {additionalProperties: false, minProperties: 1, description: 'How long the step took.'},
      ),
    ),
  },
  {additionalProperties: false, minProperties: 1},
)

export type Expectation = Static<typeof Expectation>
