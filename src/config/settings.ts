import {isDeepStrictEqual} from 'node:util'
import {findFaults, formatPath, unknownKey, wrongValue, type Fault, type Validator} from '../documents/index.js'
import {normalizeName, valueAliases} from './legacy/aliases.js'
import type {KeyName} from './schema.js'
import type {Spelling, SpellingNode} from './legacy/spellings.js'

/** A value that the document gives for a key. */
export interface Setting {
  spelling: Spelling
  /** As the document has it. */
  path: string[]
  value: unknown
}

/** A finding about a document. */
export interface Finding extends Fault {
  value: unknown
  /** The key that it is about, if there is such a key. */
  about?: KeyName
  /** A note, which is never an error. */
  notice?: true
}

export interface Reading {
  given: Map<KeyName, Setting>
  findings: Finding[]
}

/** Finds the keys in a document, whatever they are called there, and keeps the valid values. */
export function readSettings(
  document: unknown,
  tree: SpellingNode,
  validate: Validator,
  {minusOneIsAbsent = false}: {minusOneIsAbsent?: boolean} = {},
): Reading {
  const found: Found = {more: 0, root: tree, settings: [], findings: []}
  collect(document, tree, [], found)
  if (found.more > 0)
    found.findings.push({path: [], target: 'value', message: `has ${found.more} more unknown keys`, value: null})
  const reading: Reading = {given: new Map(), findings: found.findings}
  // The winner comes last and replaces the others; if its value is wrong, the next best stays.
  for (const setting of found.settings.sort((a, b) => b.spelling.rank - a.spelling.rank)) {
    const {target} = setting.spelling
    const value = meantValue(target, setting.value)
    const faults = faultsOf(setting, value, validate)
    if (faults.length === 0) give(reading, {...setting, value})
    else if (!(minusOneIsAbsent && value === -1)) {
      reading.findings.push(...faults.map((fault) => ({...fault, value: setting.value, about: target})))
    }
  }
  return reading
}

/** A document with more unknown keys is something else, and for each one a similar name is searched. */
const mostFindings = 100

interface Found {
  /** Unknown keys that are not among the findings. */
  more: number
  root: SpellingNode
  settings: Setting[]
  findings: Finding[]
}

function collect(value: unknown, node: SpellingNode, path: string[], found: Found): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.findings.push({...wrongValue(path, 'value', value, 'an object'), value})
    return
  }
  for (const [name, inner] of Object.entries(value)) {
    const child = node.children.get(normalizeName(name))
    if (child === undefined) addUnknown([...path, name], node, found, inner)
    else if (child.spelling !== undefined)
      found.settings.push({spelling: child.spelling, path: [...path, name], value: inner})
    // In YAML, a section whose keys are all commented out is null.
    else if (inner !== null) collect(inner, child, [...path, name], found)
  }
}

function addUnknown(path: string[], node: SpellingNode, found: Found, value: unknown): void {
  if (found.findings.length < mostFindings) found.findings.push(...unknownFinding(path, node, found.root, value))
  else found.more += 1
}

function unknownFinding(path: string[], node: SpellingNode, root: SpellingNode, value: unknown): Finding[] {
  const outer = path.slice(0, -1)
  const name = path.at(-1) ?? ''
  if (node === root) {
    // Editors find the schema by `$schema`.
    if (name === '$schema') return []
    // A list of all that may stand at the top level would help nobody.
    return [{...unknownKey(outer, name, [...root.children.keys()]), allowed: 'a section, or a key of one', value}]
  }
  const elsewhere = root.children.get(normalizeName(name))?.spelling?.target
  const hint = elsewhere === undefined ? {} : {hint: `It is written ${elsewhere}.`}
  return [{...unknownKey(outer, name, [...node.children.keys()]), ...hint, value}]
}

function meantValue(target: KeyName, value: unknown): unknown {
  const alias = valueAliases[target]?.find(([written]) => written === value)
  return alias === undefined ? value : alias[1]
}

function faultsOf({spelling, path}: Setting, value: unknown, validate: Validator): Fault[] {
  const [section = '', key = ''] = spelling.target.split('.')
  return findFaults({[section]: {[key]: value}}, validate).map((fault) => ({
    ...fault,
    path: [...path, ...fault.path.slice(2)],
  }))
}

function give({given, findings}: Reading, setting: Setting): void {
  const {target, shape} = setting.spelling
  const other = given.get(target)
  given.set(target, setting)
  if (other === undefined || isDeepStrictEqual(other.value, setting.value)) return
  if (shape !== undefined && other.spelling.shape !== undefined && shape !== other.spelling.shape) {
    given.set(target, {...setting, value: [...(setting.value as unknown[]), ...(other.value as unknown[])]})
    return
  }
  findings.push({
    path: other.path,
    target: 'key',
    message: `is ignored, because ${formatPath(setting.path)} is the same setting`,
    value: other.value,
    about: target,
    notice: true,
  })
}
