import {StepFault} from './step-fault.js'
import type {WrittenNumbers} from './written-numbers.js'

/** Where a scope keeps how its numbers are written. A symbol, because it is no variable. */
export const writtenNumbers = Symbol('written numbers')

/** Variables of a scenario; `parallel` branches and rounds of `repeat` work on their own copies. */
export type Scope = Record<string, unknown> & {[writtenNumbers]?: WrittenNumbers}

/** `$${`, or `${name}` with the name. */
const variable = /\$\$\{|\$\{([^}]+)\}/g

/**
 * Replaces `${name}` and `${name.path}` in every string of a value. A string that is one variable and nothing else
 * becomes the variable's value with its type; `$${` stands for a literal `${`. Throws for an unknown variable.
 */
export function substitute<T>(value: T, scope: Scope): T {
  return replace(value, scope, (name) => lookUp(scope, name)) as T
}

/** As `substitute`, for a value that needs texts: a number or a truth value becomes one, as the suite writes it. */
export function substituteTexts<T>(value: T, scope: Scope): T {
  return replace(value, scope, (name) => {
    const found = lookUp(scope, name)
    return typeof found === 'number' || typeof found === 'boolean' ? asText(found, name, scope) : found
  }) as T
}

function replace(value: unknown, scope: Scope, whole: (name: string) => unknown): unknown {
  if (typeof value === 'string') return replaceText(value, scope, whole)
  if (Array.isArray(value)) return value.map((item) => replace(item, scope, whole))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, scope, whole)]))
}

function replaceText(text: string, scope: Scope, whole: (name: string) => unknown): unknown {
  const only = /^\$\{([^}]+)\}$/.exec(text)?.[1]
  if (only !== undefined) return whole(only)
  return text.replace(variable, (_match, name: string | undefined) =>
    name === undefined ? '${' : asText(lookUp(scope, name), name, scope),
  )
}

/**
 * A name with the variables that it mentions, and which those are. What is known only when the steps run stays as it is
 * written.
 */
export function fillName(name: string, scope: Scope): {text: string; used: ReadonlySet<string>} {
  const used = new Set<string>()
  const text = name.replace(variable, (match, path: string | undefined) => {
    if (path === undefined) return '${'
    const [first = ''] = path.split('.', 1)
    const value = Object.hasOwn(scope, first) ? valueAt(scope, path) : undefined
    if (value === undefined) return match
    used.add(first)
    return asText(value, path, scope)
  })
  return {text, used}
}

/** The variables that a text mentions, with their paths. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(variable)].flatMap(([, path]) => path ?? [])
}

function lookUp(scope: Scope, name: string): unknown {
  const [first = ''] = name.split('.', 1)
  if (!Object.hasOwn(scope, first)) {
    throw new StepFault(`There is no variable ${first}; known: ${Object.keys(scope).join(', ') || 'none'}.`)
  }
  return valueAt(scope, name)
}

function asText(value: unknown, name: string, scope: Scope): string {
  if (typeof value === 'string') return value
  const number = scope[writtenNumbers]?.get(name)
  // A capture may have replaced it.
  return number !== undefined && number.value === value ? number.text : JSON.stringify(value)
}

/** The value at a dotted path such as `graphs.0.ctx_size`; `undefined` if the path does not exist. */
export function valueAt(root: unknown, path: string): unknown {
  let value = root
  for (const part of path.split('.')) {
    if (value === null || value === undefined) return undefined
    // `length` of a list or a text is worth asking for, and an own property of both.
    value = Object.hasOwn(Object(value) as object, part) ? (value as Record<string, unknown>)[part] : undefined
  }
  return value
}
