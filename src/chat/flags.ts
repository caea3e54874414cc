import {Errors, Flags} from '@oclif/core'

const number = Flags.custom<number>({
  parse: (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value))
      throw new Errors.CLIError(`Expected a number, got ${text}`, {exit: 2})
    return Promise.resolve(value)
  },
})

/** Flags that change how answers are made; their ranges are those of the configuration, which checks them. */
export const modelFlags = {
  config: Flags.string({
    char: 'c',
    description: 'Configuration in JSON or YAML (docs/reference/config.md).',
    helpValue: 'file',
  }),
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'Set one key of the configuration; overrides the file. Repeatable.',
    helpValue: 'key=value',
  }),
  temp: number({description: 'Temperature; 0 always takes the most likely token.', helpGroup: 'SAMPLING'}),
  'top-p': number({
    description: 'Keep the most likely tokens that together reach this probability; 1 is off.',
    helpGroup: 'SAMPLING',
  }),
  'top-k': Flags.integer({description: 'Keep this many of the most likely tokens; 0 is off.', helpGroup: 'SAMPLING'}),
  'min-p': number({
    description: 'Drop tokens less likely than this share of the most likely one; 0 is off.',
    helpGroup: 'SAMPLING',
  }),
  'repeat-penalty': number({description: 'Penalty for repeated tokens; 1 is off.', helpGroup: 'SAMPLING'}),
  seed: Flags.integer({
    description: 'Seed of the random numbers; -1 takes a new one each time.',
    helpGroup: 'SAMPLING',
  }),
  'max-tokens': Flags.integer({
    description: 'Maximum length of an answer in tokens; -1 is no limit.',
    helpGroup: 'SAMPLING',
  }),
  stop: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'End the answer before this text. Repeatable.',
    helpGroup: 'SAMPLING',
  }),
  'ctx-size': Flags.integer({description: 'Context size in tokens.', helpGroup: 'MODEL'}),
  'gpu-layers': Flags.string({description: 'Layers on the GPU: a number, auto or max.', helpGroup: 'MODEL'}),
  threads: Flags.integer({description: 'Number of CPU threads.', helpGroup: 'MODEL'}),
  raw: Flags.boolean({description: 'Send prompts as they are: no template, no system prompt, no history.'}),
  'state-dir': Flags.string({
    description: 'Keep conversations in this folder. --session continues one of them.',
    helpValue: 'folder',
  }),
  system: Flags.string({description: 'The system prompt.', helpValue: 'text'}),
}

/** What the command line says about models and answers. */
export interface ModelFlags {
  config?: string | undefined
  set?: string[] | undefined
  temp?: number | undefined
  'top-p'?: number | undefined
  'top-k'?: number | undefined
  'min-p'?: number | undefined
  'repeat-penalty'?: number | undefined
  seed?: number | undefined
  'max-tokens'?: number | undefined
  stop?: string[] | undefined
  'ctx-size'?: number | undefined
  'gpu-layers'?: string | undefined
  threads?: number | undefined
  raw?: boolean | undefined
  'state-dir'?: string | undefined
  system?: string | undefined
}
