import type {Static, TObject, TUnsafe} from 'typebox'
import {Type} from './type.js'

type Branches = Record<string, TObject>

/** The union of the branches, each with the tag that it was declared under. */
export type Tagged<Tag extends string, B extends Branches> = {
  [K in keyof B & string]: Record<Tag, K> & Static<B[K]>
}[keyof B & string]

/**
 * A union of objects that one key tells apart: `taggedUnion('type', {text: Type.Object({…}), …})`. The branches are
 * declared without that key. A mistake is then reported against the branch that the key names, not against all.
 */
export function taggedUnion<const Tag extends string, B extends Branches>(
  tag: Tag,
  branches: B,
  options: Record<string, unknown> = {},
): TUnsafe<Tagged<Tag, B>> {
  const oneOf = Object.entries(branches).map(([name, branch]) => ({
    ...branch,
    required: [tag, ...((branch.required as string[] | undefined) ?? [])],
    properties: {[tag]: {type: 'string', const: name}, ...branch.properties},
  }))
  return Type.Unsafe<Tagged<Tag, B>>({
    type: 'object',
    required: [tag],
    discriminator: {propertyName: tag},
    oneOf,
    ...options,
  })
}
