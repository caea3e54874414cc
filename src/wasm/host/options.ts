import {configFromObject} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {guestOptions, type GuestOption} from './option-table.js'

/** Options of a guest by their own names, with the types of the table. Unknown ones are left out. */
export type OptionValues = Readonly<Record<string, unknown>>

/**
 * Reads the configuration that a guest passes: a JSON object with WasmEdge's option names. Unknown options are ignored.
 *
 * @throws `invalid_encoding` for a text that is not a JSON object, `invalid_argument` for an option of the wrong type.
 */
export function readOptions(text: string): OptionValues {
  const given = parseObject(text)
  const known: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const option = Object.hasOwn(guestOptions, name) ? guestOptions[name] : undefined
    if (option === undefined) continue
    checkType(name, option, value)
    known[name] = value
  }
  return known
}

/** @throws `invalid_argument` for a value that the configuration does not allow. */
export function checkValues(options: OptionValues): void {
  for (const [name, value] of Object.entries(options)) {
    const {allowed, minimum} = guestOptions[name] ?? {}
    if (allowed !== undefined && !allowed.includes(value)) {
      throw new NnError('invalid_argument', `${name} is ${show(value)}; allowed are ${allowed.map(show).join(', ')}.`)
    }
    if (minimum !== undefined && (value as number) < minimum) {
      throw new NnError('invalid_argument', `${name} is ${show(value)}; the minimum is ${minimum}.`)
    }
  }
  configFromObject(graphConfig(options), {strict: true, scope: 'graph'})
}

/** The options as the configuration of a graph, by own names in their sections. */
export function graphConfig(options: OptionValues): Record<string, Record<string, unknown>> {
  const config: Record<string, Record<string, unknown>> = {}
  for (const {section, key, value} of settingsOf(options)) config[section] = {...config[section], [key]: value}
  return config
}

/** Those of the options that hold for one request, as runtime options. */
export function runtimeOptions(options: OptionValues): Record<string, unknown> {
  const settings = settingsOf(options).flatMap(({section, key, value}) => {
    if (section === 'sampling' || section === 'stopping') return [[key, value] as const]
    return key === 'n_predict' ? [['max_tokens', value] as const] : []
  })
  return Object.fromEntries(settings)
}

function settingsOf(options: OptionValues): {section: string; key: string; value: unknown}[] {
  return Object.entries(options).flatMap(([name, given]) => {
    const {sets, value = (same: unknown) => same} = guestOptions[name] ?? {}
    if (sets === undefined) return []
    const [section = '', key = ''] = sets.split('.')
    const setting = value(given)
    return setting === undefined ? [] : [{section, key, value: setting}]
  })
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new NnError('invalid_encoding', `The configuration is not JSON: ${(error as Error).message}`, {cause: error})
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new NnError('invalid_encoding', 'The configuration is not a JSON object.')
}

function checkType(name: string, {types}: GuestOption, value: unknown): void {
  const isRight = types.some((type) => {
    if (type === 'integer') return Number.isSafeInteger(value)
    return typeof value === type
  })
  if (isRight) return
  throw new NnError('invalid_argument', `${name} is ${show(value)}; expected a value of type ${types.join(' or ')}.`)
}

function show(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
