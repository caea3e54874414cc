import {Type, type Static} from '../../documents/index.js'

export const logging = Type.Object(
  {
    level: Type.Enum(['debug', 'info', 'warn', 'error', 'fatal', 'none'], {
      default: 'info',
      description: 'The lowest level that is written; `none` writes nothing.',
    }),
    enable_debug: Type.Boolean({default: false, description: 'Sets the level `debug`; overrides `level`.'}),
    timestamps: Type.Boolean({default: true, description: 'Adds the field `time` to each line.'}),
    colors: Type.Boolean({
      default: true,
      description:
        'Uses colours if `file` is a terminal, such as `/dev/stderr`, which gets readable lines instead of JSON. Never in a file, and not with the environment variable NO_COLOR.',
    }),
    file: Type.String({
      default: '',
      description:
        'Appends lines to this file and creates its folder. Empty: writes nothing, unless the program passes a stream.',
    }),
    max_file_mb: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1_048_576,
      unit: 'MiB',
      description:
        'A file of this size is renamed to `<file>.1`, which replaces the earlier one, and a new file starts. 0 is never.',
    }),
  },
  {description: 'What is logged, and where.'},
)
export type LoggingConfig = Static<typeof logging>
