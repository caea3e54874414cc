import {StepFault} from './step-fault.js'

/** Variables of a scenario; `parallel` branches and rounds of `repeat` work on their own copies. */
export type Scope = Record<string, unknown>

/**
 * Replaces `${name}` and `${name.path}` in every string of a value. A string that is one variable and nothing else
 * becomes the variable's value with its type; `$${` stands for a literal `${`. Throws for an unknown variable.
 */
export function substitute<T>(value: T, scope: Scope): T {
  return replace(value, scope) as T
}

function replace(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') return replaceText(value, scope)
  if (Array.isArray(value)) return value.map((item) => replace(item, scope))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, scope)]))
}

function replaceText(text: string, scope: Scope): unknown {
  const whole = /^\$\{([^}]+)\}$/.exec(text)?.[1]
  if (whole !== undefined) return lookUp(scope, whole)
  return text.replace(/\$\$\{|\$\{([^}]+)\}/g, (_match, name: string | undefined) =>
    name === undefined ? '${' : asText(lookUp(scope, name)),
  )
}

function lookUp(scope: Scope, name: string): unknown {
  const [first = ''] = name.split('.', 1)
  if (!Object.hasOwn(scope, first)) {
    throw new StepFault(`There is no variable ${first}; known: ${Object.keys(scope).join(', ') || 'none'}.`)
  }
  return valueAt(scope, name)
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
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
