import {Args, Flags} from '@oclif/core'
import {NnError} from '../errors.js'

/** The model of a command that uses one of the daemon, or loads one. oclif would read a missing argument from standard input. */
export const modelArgument = Args.string({
  description: "Path of a GGUF file, or the name of a model in the daemon. Defaults to the daemon's only model.",
  ignoreStdin: true,
})

/** The same model as a flag. */
export const modelFlag = Flags.string({char: 'm', description: 'The same as MODEL.', helpValue: 'model'})

/** Former names of `--model`. */
export const formerModelFlags: Readonly<Record<string, string>> = {'model-name': '--model', graph: '--model'}

/** The model of a command that takes it as an argument or by `--model`. @throws `invalid_argument` if both are given. */
export function givenModel(argument: string | undefined, flag: string | undefined): string | undefined {
  if (argument !== undefined && flag !== undefined) {
    throw new NnError('invalid_argument', `The model is given twice: ${argument} and --model ${flag}.`, {
      hint: 'Remove one of them.',
    })
  }
  return argument ?? flag
}

/** The same for a command that needs one. @throws `invalid_argument` if it is missing. */
export function requiredModel(argument: string | undefined, flag: string | undefined, example: string): string {
  const model = givenModel(argument, flag)
  if (model !== undefined) return model
  throw new NnError('invalid_argument', 'The model is missing.', {hint: `Example: ${example}`})
}
