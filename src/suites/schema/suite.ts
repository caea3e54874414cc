import type {Static} from 'typebox'
import {Type} from '../../documents/index.js'
import {longestTimerMs} from '../../system/clock.js'
import {conditionSchema} from './condition.js'
import {stepSchema} from './step.js'

const closed = {additionalProperties: false}
const Steps = Type.Unsafe<Record<string, unknown>[]>({
  type: 'array',
  minItems: 1,
  items: {$ref: '#/$defs/step'},
  description: 'The calls, in order. The backend is created before them and always released after them.',
})
const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()], {title: 'a string, a number, true or false'})

const Scenario = Type.Object(
  {
    id: Type.Union([Type.Integer({minimum: 1}), Type.String({minLength: 1})], {
      title: 'a positive integer or a string',
      description: 'Unique among all files of a run.',
    }),
    name: Type.String({minLength: 1, description: 'The behaviour that the scenario checks.'}),
    description: Type.Optional(Type.String()),
    mutation: Type.Optional(Type.String({description: 'A change of the backend that must make this scenario fail.'})),
    tags: Type.Optional(Type.Array(Type.String(), {uniqueItems: true})),
    pending: Type.Optional(
      Type.String({minLength: 1, description: 'Why the scenario cannot run yet. It is reported, but not run.'}),
    ),
    skip_unless: Type.Optional(
      Type.Object(
        {
          models: Type.Optional(
            Type.Array(Type.String(), {description: 'Names from `models` whose files must exist.'}),
          ),
          env: Type.Optional(Type.Array(Type.String(), {description: 'Environment variables that must be set.'})),
        },
        {
          ...closed,
          minProperties: 1,
          description: 'If one of these is missing, the scenario is skipped, with the reason.',
        },
      ),
    ),
    config: Type.Optional(
      Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())], {
        title: 'an object, or JSON text',
        description: "The backend's configuration. Not used if a step initialises the backend itself.",
      }),
    ),
    variables: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {description: 'Values for `${name}` in the steps.'}),
    ),
    matrix: Type.Optional(
      Type.Record(Type.String(), Type.Array(Scalar, {minItems: 1}), {
        description: 'Variable → values. Each combination runs as a separate case.',
      }),
    ),
    timeout_ms: Type.Optional(
      Type.Integer({minimum: 1, maximum: longestTimerMs, description: 'For all steps together. Defaults to `120000`.'}),
    ),
    steps: Steps,
  },
  closed,
)

/** The schema of a suite file; types, editor completion and checks come from it. */
export const suiteSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    suite: Type.String({minLength: 1, description: 'The name of the suite.'}),
    description: Type.Optional(Type.String()),
    models: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Name → GGUF file, relative to this file. `--model name=path` overrides it.',
      }),
    ),
    scenarios: Type.Array(Scenario, {minItems: 1}),
  },
  {
    ...closed,
    title: 'a test suite',
    $defs: {step: stepSchema, condition: conditionSchema},
  },
)

export type SuiteDocument = Static<typeof suiteSchema>
export type ScenarioDocument = SuiteDocument['scenarios'][number]

/** The schema (draft-07) that editors check and complete suite files with. */
export function suiteJsonSchema(): object {
  return {$schema: 'http://json-schema.org/draft-07/schema#', ...suiteSchema}
}
