import {Type} from '../../documents/index.js'
import {longestTimerMs} from '../../system/clock.js'
import {stepArguments} from './arguments.js'
import {Fields} from './condition.js'
import {Expectation} from './expectation.js'

/** What every step may have beside its call. */
const stepCommon = {
  name: Type.Optional(Type.String({description: 'The purpose of the step; shown when it fails.'})),
  as: Type.Optional(
    Type.String({description: 'Names the graph or the context that the step creates; null if the step failed.'}),
  ),
  expect: Type.Optional(Expectation),
  capture: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description: 'Variable → path in the result of the step, such as `text`, `status.active` or `metadata.seed`.',
    }),
  ),
  when: Type.Optional({
    ...Fields,
    description: 'Variable → condition. The step is skipped if one is not met.',
  }),
  timeout_ms: Type.Optional(Type.Integer({minimum: 1, maximum: longestTimerMs, description: 'Defaults to `60000`.'})),
}

/** One step: one call under its own name, and what every step may have. That there is exactly one, the loader checks. */
export const stepSchema = Type.Object(
  {
    ...Object.fromEntries(Object.entries(stepArguments).map(([verb, schema]) => [verb, Type.Optional(schema)])),
    ...stepCommon,
  },
  {additionalProperties: false, description: 'One call, under its name, and the expectations.'},
)
