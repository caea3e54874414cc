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
        {additionalProperties: false, minProperties: 1, description: 'The number of tokens of the answer.'},
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
        {additionalProperties: false, minProperties: 1, description: 'The message, followed by the hint.'},
      ),
    ),
    optional: Type.Optional(
      Type.Boolean({description: 'The step may also succeed. The other expectations apply in that case.'}),
    ),
  },
  {additionalProperties: false},
)

const RecordExpectation = Type.Object(
  {
    where: Type.Optional({...Fields, description: 'Which records to check. Defaults to all.'}),
    count: Type.Optional(ConditionRef),
    every: Type.Optional({...Fields, description: 'The conditions for each of them.'}),
  },
  {additionalProperties: false},
)

/** What must hold after a step. */
export const Expectation = Type.Object(
  {
    text: Type.Optional(
      Type.Union([Type.String(), TextExpectation], {
        description: 'The answer: an exact text, or a condition.',
      }),
    ),
    error: Type.Optional(
      Type.Union([Code, ErrorExpectation], {
        description: 'The step must fail with this error. Without it, the step must not fail.',
      }),
    ),
    status: Type.Optional({...Fields, description: 'Path in the status → the condition there.'}),
    metadata: Type.Optional({...Fields, description: 'Path in output 1 of the context → the condition there.'}),
    value: Type.Optional({...Fields, description: 'Path in the result of the step → the condition there.'}),
    records: Type.Optional(
      Type.Array(RecordExpectation, {minItems: 1, description: 'Conditions for the JSON lines of a file.'}),
    ),
    duration: Type.Optional(
      Type.Object(
        {min_ms: Type.Optional(NumberLike), max_ms: Type.Optional(NumberLike)},
        {additionalProperties: false, minProperties: 1, description: 'The duration of the step.'},
      ),
    ),
  },
  {additionalProperties: false, minProperties: 1},
)

export type Expectation = Static<typeof Expectation>
