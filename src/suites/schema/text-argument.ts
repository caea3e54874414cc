import type {JsonSchema} from '../../documents/index.js'
import type {Verb} from '../model.js'
import {stepArguments} from './arguments.js'

/** Whether an argument of a step is a text, and nothing else. */
export function isTextArgument(verb: Verb, name: string): boolean {
  const schema = stepArguments[verb] as JsonSchema
  return [schema, ...(schema.anyOf ?? [])].some(({properties}) => properties?.[name]?.type === 'string')
}
