import {configSections, keysOf, type KeyName, type KeySchema, type Sections} from './schema.js'
import {valueAliases} from './legacy/aliases.js'
import {spellingTree, type SpellingNode} from './legacy/spellings.js'

/** The JSON Schema (draft-07) of a configuration file, in every way that one may be written: for editors. */
export function configSchema(): object {
  const keys = new Map(keysOf(configSections).map(({name, schema}) => [name, schema]))
  const {properties, ...rest} = objectSchema(spellingTree(configSections), keys)
  for (const [name, {description}] of Object.entries(configSections as Sections)) {
    properties[name] = {description, ...properties[name]}
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of wasi-nn-llama',
    ...rest,
    properties: {$schema: {type: 'string'}, ...properties},
  }
}

interface ObjectSchema {
  type: 'object'
  additionalProperties: false
  properties: Record<string, object>
}

function objectSchema(node: SpellingNode, keys: ReadonlyMap<KeyName, KeySchema>): ObjectSchema {
  const properties = [...node.children].map(([name, child]) => [name, propertySchema(child, keys)])
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties) as Record<string, object>,
  }
}

function propertySchema(node: SpellingNode, keys: ReadonlyMap<KeyName, KeySchema>): object {
  const target = node.spelling?.target
  const schema = target === undefined ? undefined : keys.get(target)
  if (target === undefined || schema === undefined) return objectSchema(node, keys)

  const {unit, description = '', ...all} = schema
  const rest = {...all}
  delete rest.apiDefault
  const written = (valueAliases[target] ?? []).map(([value]) => ({const: value}))
  return {
    ...(written.length === 0 ? rest : {default: rest.default, anyOf: [...(rest.anyOf ?? []), ...written]}),
    description: [
      ...(node.spelling?.rank === 0 ? [] : [`Another spelling of ${target}.`]),
      description,
      ...(unit === undefined ? [] : [`Unit: ${unit}.`]),
    ].join(' '),
  }
}
