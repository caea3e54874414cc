import {executionTargets, graphEncodings, tensorTypes} from '../../backend/contract/types.js'
import {switchModes} from '../../backend/contract/switch.js'
import {statusTypes} from '../../backend/contract/status.js'
import {Type} from '../../documents/index.js'
import {longestTimerMs} from '../../system/clock.js'
import {enumLike, Fields, NumberLike} from './condition.js'

const closed = {additionalProperties: false}
const Handle = Type.Union([Type.String(), Type.Integer()], {
  title: 'a name or a number',
  description: 'A name that `as` gave, or a number. Defaults to the last one created.',
})
const graph = Type.Optional(Handle)
const context = Type.Optional(Handle)
const buffer_bytes = Type.Optional(
  Type.Integer({minimum: 0, description: "Size of the caller's buffer. By default it is as large as needed."}),
)
const index = Type.Optional(Type.Integer({description: 'Defaults to `0`.'}))

const inlineBytes = {
  text: Type.Optional(Type.String({description: 'The bytes, as UTF-8 text.'})),
  json: Type.Optional(Type.Unknown({description: 'The bytes, as the JSON text of this value.'})),
  base64: Type.Optional(Type.String({description: 'The bytes, in base64.'})),
  zero_bytes: Type.Optional(Type.Integer({minimum: 0, description: 'This number of zero bytes.'})),
}
const tensor = {
  ...inlineBytes,
  index,
  type: Type.Optional(enumLike(tensorTypes, {description: 'Defaults to `u8`.'})),
  dimensions: Type.Optional(Type.Array(Type.Integer(), {description: 'Defaults to the number of bytes.'})),
}
const model = Type.Optional(Type.String({description: 'A name from `models`.'}))
const name = Type.Optional(Type.String({description: 'A name or path that is passed on unchanged.'}))

/** JSON text that is passed on unchanged, or an object that is converted to JSON. */
const Json = Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())], {
  title: 'an object, or JSON text that is passed on unchanged',
})
const nothing = Type.Union([Type.Null(), Type.Object({}, closed)], {title: 'nothing'})
const onContext = Type.Union([Type.Null(), Type.String(), Type.Object({context}, closed)])
const output = Type.Union([Type.Null(), Type.String(), Type.Object({context, index, buffer_bytes}, closed)])
const steps = Type.Unsafe<unknown[]>({type: 'array', minItems: 1, items: {$ref: '#/$defs/step'}})

/** The argument of each step, by the step's name. */
export const stepArguments = {
  init_backend: nothing,
  init_backend_with_config: Type.Object(
    {
      config: Json,
      strict: Type.Optional(
        Type.Boolean({description: 'Whether an invalid value is an error instead of a warning. Defaults to `true`.'}),
      ),
    },
    closed,
  ),
  load: Type.Object(
    {
      ...inlineBytes,
      model,
      file: Type.Optional(
        Type.String({description: 'A file whose bytes are passed on; the path is relative to the suite.'}),
      ),
      first_bytes: Type.Optional(Type.Integer({minimum: 0, description: 'Truncates the bytes to this number.'})),
      patch: Type.Optional(
        Type.Object(
          {
            after: Type.String({description: 'The change is at the first occurrence of this text in the bytes.'}),
            skip: Type.Optional(
              Type.Integer({description: 'Number of bytes between that text and the change. Defaults to `0`.'}),
            ),
            base64: Type.String({description: 'The new bytes.'}),
          },
          {...closed, description: 'Overwrites some of the bytes, to craft a file.'},
        ),
      ),
      encoding: Type.Optional(enumLike(graphEncodings, {description: 'Defaults to `ggml`.'})),
      target: Type.Optional(enumLike(executionTargets, {description: 'Defaults to `cpu`.'})),
    },
    closed,
  ),
  load_by_name: Type.Union([Type.String(), Type.Object({model, name}, closed)]),
  load_by_name_with_config: Type.Object({model, name, config: Json}, closed),
  init_execution_context: Type.Union([Type.Null(), Type.String(), Type.Object({graph}, closed)]),
  init_execution_context_with_session_id: Type.Union([
    Type.String(),
    Type.Object({graph, session: Type.String({description: 'The id of the session.'})}, closed),
  ]),
  set_input: Type.Union([Type.String(), Type.Object({context, ...tensor}, closed)]),
  compute: onContext,
  get_output: output,
  compute_single: onContext,
  get_output_single: output,
  fini_single: onContext,
  run_inference: Type.Union([
    Type.String(),
    Type.Object({context, ...tensor, options: Type.Optional(Json), buffer_bytes}, closed),
  ]),
  render_prompt: Type.Union([
    Type.String(),
    Type.Object(
      {context, text: Type.String(), options: Type.Optional(Type.Record(Type.String(), Type.Unknown()))},
      closed,
    ),
  ]),
  close_execution_context: onContext,
  finalize_execution_context: onContext,
  switch_graph: Type.Union([
    Type.String(),
    Type.Object(
      {
        graph,
        model,
        name,
        config: Type.Optional(Json),
        mode: Type.Optional(enumLike(switchModes, {description: 'Defaults to `overlap`.'})),
      },
      closed,
    ),
  ]),
  unload: Type.Union([Type.Null(), Type.String(), Type.Object({graph}, closed)]),
  get_backend_status: Type.Union([
    Type.String(),
    Type.Object({type: Type.String({examples: [...statusTypes]}), buffer_bytes}, closed),
  ]),
  deinit_backend: nothing,
  parallel: Type.Unsafe<Record<string, unknown[]>>({
    type: 'object',
    minProperties: 1,
    additionalProperties: steps,
    description: 'Branches by name. They start together; the steps of each branch run in order.',
  }),
  repeat: Type.Object(
    {
      times: NumberLike,
      counter: Type.Optional(Type.String({description: 'A variable for the number of the round, from 1.'})),
      steps,
    },
    closed,
  ),
  wait_for: Type.Object(
    {
      type: enumLike(statusTypes, {}),
      status: {...Fields, minProperties: 1, description: 'Path in the status → the condition to wait for.'},
      timeout_ms: Type.Optional(
        Type.Integer({minimum: 1, maximum: longestTimerMs, description: 'Defaults to `10000`.'}),
      ),
      interval_ms: Type.Optional(Type.Integer({minimum: 1, maximum: longestTimerMs, description: 'Defaults to `20`.'})),
    },
    closed,
  ),
  read_file: Type.Union([
    Type.String(),
    Type.Object(
      {
        path: Type.String({description: 'Relative to the suite. `${tmp}` is a folder of this scenario only.'}),
        format: Type.Optional(
          Type.Enum(['text', 'json_lines'] as const, {
            description: 'Defaults to `text`; `json_lines` parses each line.',
          }),
        ),
      },
      closed,
    ),
  ]),
  check_released: nothing,
  kill_engine: Type.Union([Type.Null(), Type.String(), Type.Object({graph}, closed)]),
}
