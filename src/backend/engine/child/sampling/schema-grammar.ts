import type {Choices, Grammar, Item, Sequence} from './gbnf/grammar.js'
import {anyValue} from './json-schema.js'
import type {Pieces} from './pieces.js'

type Schema = Record<string, unknown>

/** Where a value is: levels of indentation, if its parts may be on lines of their own. */
type Place = number | 'in line'

const indentation = 4

/** The grammar of a schema that `normalizeSchema` has read. */
export function schemaGrammar(schema: Schema): Pieces<Grammar> {
  return new SchemaGrammar().grammar(schema)
}

/**
 * Writes rules for schemas. Values are written as models do: on one line, with at most one space between their parts, or
 * indented by four spaces or a tab, because a model could add space for ever.
 */
class SchemaGrammar {
  private readonly rules = new Map<string, Choices>();

  *grammar(schema: Schema): Pieces<Grammar> {
    this.addScalars()
    const definitions = Object.entries((schema['$defs'] ?? {}) as Record<string, Schema>)
    for (const [name, definition] of definitions)
      this.rules.set(definitionRule(name), yield* this.choices(definition, 'in line'))
    this.rules.set('root', yield* this.choices(schema, 0))
    return {rules: this.rules}
  }

  private addScalars(): void {
    const plain: Item = {
      kind: 'class',
      ranges: ['"', '\\', '\x7f'].map((one) => [code(one), code(one)] as const),
      isNegated: true,
    }
    const character: Choices = [
      [{...plain, ranges: [...plain.ranges, [0, 0x1f]]}],
      [text('\\'), oneOf('"\\/bfnrt')],
      [text('\\u'), times([oneOf('0-9', 'a-f', 'A-F')], 4, 4)],
    ]
    const digits = [optional([[text('-')]]), group([[text('0')], [oneOf('1-9'), times([oneOf('0-9')], 0, 15)]])]
    const exponent = [
      oneOf('eE'),
      optional([[oneOf('-+')]]),
      group([[text('0')], [oneOf('1-9'), times([oneOf('0-9')], 0, 15)]]),
    ]
    const rules: Record<string, Choices> = {
      character,
      string: [quoted([times([rule('character')], 0, Infinity)])],
      // An exponent could make it a fraction.
      integer: [digits],
      number: [[...digits, optional([[text('.'), times([oneOf('0-9')], 1, 16)]]), optional([exponent])]],
      boolean: [[text('true')], [text('false')]],
      any: this.anyChoices('in line'),
    }
    for (const [name, choices] of Object.entries(rules)) this.rules.set(name, choices)
  }

  private *choices(schema: Schema, place: Place): Pieces<Choices> {
    yield
    // Many schemas have it in many places.
    if (schema === anyValue) return [[this.once(`any value ${place}`, () => this.anyChoices(place))]]
    const {oneOf: all, $ref, type} = schema
    if (Array.isArray(all)) {
      const choices: Sequence[] = []
      for (const one of all as Schema[]) for (const sequence of yield* this.choices(one, place)) choices.push(sequence)
      return choices
    }
    if (typeof $ref === 'string') return [[rule(definitionRule($ref.slice('#/$defs/'.length)))]]
    if ('const' in schema) return [[text(written(schema['const']))]]
    if (type === 'object') return [yield* this.object(schema, place)]
    if (type === 'array') return [yield* this.array(schema, place)]
    if (type === 'string') return [string(schema)]
    return type === 'null' ? [[text('null')]] : [[rule(String(type))]]
  }

  private *item(schema: Schema, place: Place): Pieces<Item> {
    return group(yield* this.choices(schema, place))
  }

  private *object(schema: Schema, place: Place): Pieces<Sequence> {
    const {properties = {}, additionalProperties: others} = schema
    const inner = inside(place)
    const members: Sequence[] = []
    for (const [name, value] of Object.entries(properties as Record<string, Schema>))
      members.push([text(`${written(name)}:`), space, yield* this.item(value, inner)])
    const {minProperties: least = 0, maxProperties: most = Infinity} = schema as {
      minProperties?: number
      maxProperties?: number
    }
    let more: {member: Sequence; least: number; most: number} | undefined
    if (others !== undefined && others !== false) {
      const value =
        others === true
          ? this.once(`any ${inner}`, () => this.anyChoices(inner))
          : yield* this.item(others as Schema, inner)
      more = {
        member: [rule('string'), text(':'), space, value],
        least: Math.max(0, least - members.length),
        most: Math.max(0, most - members.length),
      }
    }
    return this.enclosed('{', members, more, '}', place)
  }

  private *array(schema: Schema, place: Place): Pieces<Sequence> {
    const {
      items,
      prefixItems = [],
      minItems = 0,
      maxItems = Infinity,
    } = schema as {
      items?: Schema
      prefixItems?: Schema[]
      minItems?: number
      maxItems?: number
    }
    const inner = inside(place)
    const members: Sequence[] = []
    for (const one of prefixItems) members.push([yield* this.item(one, inner)])
    const value = items === undefined ? this.once('any 0', () => this.anyChoices(0)) : yield* this.item(items, inner)
    const more = {
      member: [value],
      least: Math.max(0, minItems - members.length),
      most: Math.max(0, maxItems - members.length),
    }
    return this.enclosed('[', members, more, ']', place)
  }

  /** A list or an object with these members, and a number of further ones. */
  private enclosed(
    open: string,
    members: readonly Sequence[],
    more: {member: Sequence; least: number; most: number} | undefined,
    close: string,
    place: Place,
  ): Sequence {
    const inner = inside(place)
    const separator = [text(','), this.space(inner)]
    const parts = members.flatMap((member, index) => (index === 0 ? member : [...separator, ...member]))
    if (more !== undefined && more.most > 0) {
      const {member, least, most} = more
      const next = [...separator, ...member]
      if (parts.length > 0) parts.push(times(next, least, most))
      else {
        const all = [...member, times(next, Math.max(0, least - 1), most - 1)]
        parts.push(...(least === 0 ? [optional([all])] : all))
      }
    }
    return [text(open), this.space(inner), ...parts, this.space(place), text(close)]
  }

  /** What may be between two parts. */
  private space(place: Place): Item {
    if (place === 'in line') return space
    const indented = [text(' '.repeat(place * indentation)), text('\t'.repeat(place))]
    return this.once(`space ${place}`, () => [[text('\n'), group(indented.map((one) => [one]))], [], [text(' ')]])
  }

  /** A rule that is made when it is first used. */
  private once(name: string, choices: () => Choices): Item {
    if (!this.rules.has(name)) {
      this.rules.set(name, [])
      this.rules.set(name, choices())
    }
    return rule(name)
  }

  /** Any value, with its parts in these places. What is inside of these is on their line. */
  private anyChoices(place: Place): Choices {
    const member = [rule('string'), text(':'), space, rule('any')]
    const scalars = ['string', 'number', 'boolean'].map((name) => [rule(name)])
    const any = {least: 0, most: Infinity}
    return [
      ...scalars,
      [text('null')],
      this.enclosed('[', [], {member: [rule('any')], ...any}, ']', place),
      this.enclosed('{', [], {member, ...any}, '}', place),
    ]
  }
}

const space: Item = optional([[text(' ')]])

function inside(place: Place): Place {
  return place === 'in line' ? place : place + 1
}

/** Names in the schema may have any characters; so do not those of rules. */
function definitionRule(name: string): string {
  return `definition ${name}`
}

function string({
  minLength = 0,
  maxLength = Infinity,
  format,
}: {
  minLength?: number
  maxLength?: number
  format?: unknown
}): Sequence {
  const month = group([
    [text('0'), oneOf('1-9')],
    [text('1'), oneOf('0-2')],
  ])
  const day = group([
    [text('0'), oneOf('1-9')],
    [oneOf('12'), oneOf('0-9')],
    [text('3'), oneOf('01')],
  ])
  const date = [times([oneOf('0-9')], 4, 4), text('-'), month, text('-'), day]
  const hour = group([
    [oneOf('01'), oneOf('0-9')],
    [text('2'), oneOf('0-3')],
  ])
  const sixty = [oneOf('0-5'), oneOf('0-9')]
  const fraction = optional([[text('.'), times([oneOf('0-9')], 3, 3)]])
  const zone = group([[text('Z')], [oneOf('+-'), hour, text(':'), ...sixty]])
  const time = [hour, text(':'), ...sixty, text(':'), ...sixty, fraction, zone]
  if (format === 'date') return quoted(date)
  if (format === 'time') return quoted(time)
  if (format === 'date-time') return quoted([...date, text('T'), ...time])
  if (minLength === 0 && maxLength === Infinity) return [rule('string')]
  return quoted([times([rule('character')], minLength, maxLength)])
}

/** A value as JSON, with the escapes that `character` knows. */
function written(value: unknown): string {
  return JSON.stringify(value).replaceAll(/\\.|\p{Cc}/gu, (found) => {
    if (found.startsWith('\\') && found !== '\\b' && found !== '\\f') return found
    const unit = {'\\b': 8, '\\f': 12}[found] ?? found.charCodeAt(0)
    return `\\u${unit.toString(16).padStart(4, '0')}`
  })
}

function text(value: string): Item {
  return {kind: 'text', text: value}
}

function rule(name: string): Item {
  return {kind: 'rule', name}
}

function group(choices: Choices): Item {
  return {kind: 'group', choices}
}

function optional(choices: Choices): Item {
  return group([[], ...choices])
}

function quoted(items: Sequence): Sequence {
  return [text('"'), ...items, text('"')]
}

function times(items: Sequence, least: number, most: number): Item {
  return {kind: 'repetition', item: group([items]), least, most}
}

/** One of these characters and ranges, which are written as `a-z`. */
function oneOf(...parts: string[]): Item {
  const ranges = parts.flatMap((part) =>
    /^.-.$/.test(part)
      ? [[code(part), part.charCodeAt(2)] as const]
      : Array.from(part, (one) => [code(one), code(one)] as const),
  )
  return {kind: 'class', ranges, isNegated: false}
}

function code(character: string): number {
  return character.charCodeAt(0)
}
