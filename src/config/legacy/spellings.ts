import {keyAliases, legacyShapes, runtimeAliases, sectionAliases, twins} from './aliases.js'
import {keysOf, type KeyName, type Sections} from '../schema.js'

/** One way to write a key. */
export interface Spelling {
  /** The names from the top level down, as `['memory_policy', 'cache_prompt']`. */
  path: readonly string[]
  target: KeyName
  /** Of two spellings of one key the lower rank wins; 0 is the key in its own section. */
  rank: number
  /** The legacy shape, if it is one: values under two shapes of a key are both meant. */
  shape?: string
}

/** The spellings by name and level; a node with a spelling is a key, the others are objects. */
export interface SpellingNode {
  spelling?: Spelling
  children: Map<string, SpellingNode>
}

/** All spellings of all keys, per key in the order of precedence. */
export function spellingsOf(sections: Sections): Spelling[] {
  return keysOf(sections).flatMap(({name, section, key}) => {
    // A twin is a spelling of its elder.
    if (twins.some(([, younger]) => younger === name)) return []
    const runtime = 'request' in sections ? (runtimeAliases[name] ?? []) : []
    const names = [key, ...(keyAliases[name] ?? []), ...runtime]
    const homes = [section, ...(sectionAliases[section] ?? [])]
    const twin = twins.find(([elder]) => elder === name)?.[1].split('.')
    const paths = [
      ...homes.flatMap((home) => names.map((each) => [home, each])),
      ...(twin !== undefined && (twin[0] ?? '') in sections ? [twin] : []),
      ...names.map((each) => [each]),
    ]
    const legacy = (legacyShapes[name] ?? []).flatMap((shape) =>
      [...homes, undefined].map((home) => ({
        path: [...(home === undefined ? [] : [home]), ...shape.split('.')],
        shape,
      })),
    )
    return [...paths.map((path) => ({path})), ...legacy].map((each, rank) => ({...each, target: name, rank}))
  })
}

export function spellingTree(sections: Sections): SpellingNode {
  const root: SpellingNode = {children: new Map()}
  for (const spelling of spellingsOf(sections)) {
    let node = root
    for (const name of spelling.path) {
      const child = node.children.get(name) ?? {children: new Map()}
      node.children.set(name, child)
      node = child
    }
    node.spelling = spelling
  }
  return root
}
