import {Type} from '../../documents/index.js'

/** Variables that every chat template has. */
const reserved = ['messages', 'add_generation_prompt', 'bos_token', 'eos_token']

/** Values for a chat template besides those that every template has. */
export const templateVariables = (description: string) =>
  Type.Record(Type.String(), Type.Unknown(), {
    default: {},
    propertyNames: {not: {enum: reserved}},
    description: `${description} ${reserved.map((name) => `\`${name}\``).join(', ')} are always set.`,
  })
