import {visit, type Document, type Node} from 'yaml'
import {unquoted} from './unquoted.js'

/** A mistake in the text of a document. */
export interface TextFault {
  /** In UTF-16 units from the start. */
  offset: number
  message: string
  hint?: string
}

/**
 * Aliases that stand for nothing, and marks that swallow a part of a text: `*Hello`, `&Hello there`, `! Hello`. People
 * who write prompts mean texts by them; without a check the parser loses the first word, or says nothing of the place.
 */
export function findAliasFaults(document: Document): TextFault[] {
  const faults: TextFault[] = []
  const anchors = new Map<string, Node>()
  const unused = new Map<string, Node>()
  visit(document, {
    Alias: (_key, {source, range}, ancestors) => {
      const offset = range?.[0] ?? 0
      const target = anchors.get(source)
      unused.delete(source)
      if (target === undefined) {
        faults.push({offset, message: `there is no anchor &${source} before *${source}`, hint: unquoted('*')})
      } else if (ancestors.includes(target)) {
        faults.push({offset, message: `*${source} is part of &${source}, for which it stands`})
      }
    },
    Value: (_key, node) => {
      const {anchor, tag, range} = node
      const offset = range?.[0] ?? 0
      if (tag === '!') faults.push({offset, message: 'the tag ! has no name', hint: unquoted('!')})
      if (anchor === undefined) return
      anchors.set(anchor, node)
      if ('value' in node) unused.set(anchor, node)
    },
  })
  for (const [anchor, {range}] of unused) {
    faults.push({offset: range?.[0] ?? 0, message: `nothing uses the anchor &${anchor}`, hint: unquoted('&')})
  }
  return faults
}

/** The place of the last alias, which is the outermost where aliases stand for aliases. */
export function lastAlias(document: Document): number {
  let offset = 0
  visit(document, {
    Alias: (_key, {range}) => {
      offset = range?.[0] ?? offset
    },
  })
  return offset
}
