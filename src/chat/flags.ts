import {Errors, Flags} from '@oclif/core'

const number = Flags.custom<number>({
  parse: (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value))
      throw new Errors.CLIError(`Expected a number but received: ${text}`, {exit: 2})
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
  temp: number({description: 'Temperature; 0 always takes the most likely token.', helpGroup: 'SAMPLING'}),
  'top-p': number({description: 'Most likely tokens up to this probability.', helpGroup: 'SAMPLING'}),
  'top-k': Flags.integer({description: 'This many of the most likely tokens.', helpGroup: 'SAMPLING'}),
  'min-p': number({description: 'Least probability beside the most likely token.', helpGroup: 'SAMPLING'}),
  'repeat-penalty': number({description: 'Penalty for repeated tokens; 1 is off.', helpGroup: 'SAMPLING'}),
  seed: Flags.integer({description: 'Start of the random numbers.', helpGroup: 'SAMPLING'}),
  'max-tokens': Flags.integer({description: 'Longest answer, in tokens.', helpGroup: 'SAMPLING'}),
  stop: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'Text before which an answer ends; may be given several times.',
    helpGroup: 'SAMPLING',
  }),
  'ctx-size': Flags.integer({description: 'Tokens that the context holds.', helpGroup: 'MODEL'}),
  'gpu-layers': Flags.string({description: 'Layers on the GPU: a number, auto or max.', helpGroup: 'MODEL'}),
  threads: Flags.integer({description: 'Threads that compute on the CPU.', helpGroup: 'MODEL'}),
  raw: Flags.boolean({description: 'Take prompts as they are: no template, no memory of earlier ones.'}),
  'state-dir': Flags.string({
    description: 'Keep conversations in this folder; --session continues one of them.',
    helpValue: 'folder',
  }),
  system: Flags.string({description: 'Instructions that go before the conversation.', helpValue: 'text'}),
}

/** What the command line says about models and answers. */
export interface ModelFlags {
  config?: string | undefined
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
