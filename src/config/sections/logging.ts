import {Type, type Static} from '../../documents/index.js'

export const logging = Type.Object(
  {
    level: Type.Enum(['debug', 'info', 'warn', 'error', 'fatal', 'none'], {
      default: 'info',
      description: 'The least serious lines that are written; `none` writes nothing.',
    }),
    enable_debug: Type.Boolean({default: false, description: 'The same as the level `debug`, whatever `level` says.'}),
    timestamps: Type.Boolean({default: true, description: 'Lines have the field `time`.'}),
    colors: Type.Boolean({
      default: true,
      description:
        'Colours where `file` is a terminal (`/dev/stderr`, say), which gets lines for people instead of JSON. Never in a file, and not with the environment variable NO_COLOR.',
    }),
    file: Type.String({
      default: '',
      description:
        'File that lines are appended to; its folder is made. Empty writes nothing, unless the caller of the library gives a stream.',
    }),
    max_file_mb: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1_048_576,
      unit: 'MiB',
      description:
        'A file of this size is set aside as `<file>.1`, in place of the one before, and a new one begun; 0 is never.',
    }),
  },
  {description: 'What is logged, and where to.'},
)
export type LoggingConfig = Static<typeof logging>
