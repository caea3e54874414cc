import {createHash} from 'node:crypto'
import {NnError} from '../../errors.js'
import {readDocument, suggest, type Written} from '../../documents/index.js'

const placeholder = /\{\{\s*([^{}]+?)\s*\}\}/g

/** A prompt with `{{variable}}` placeholders for an item's fields. Inserted text is not expanded again. */
export class Template {
  readonly names: ReadonlySet<string>

  /** @throws `invalid_argument` for a text without a variable, because all prompts would be the same. */
  constructor(
    private readonly text: string,
    name: string,
  ) {
    this.names = new Set([...text.matchAll(placeholder)].map(([, variable = '']) => variable))
    if (this.names.size > 0) return
    throw new NnError('invalid_argument', `${name} has no {{variable}}, so all prompts would be the same.`)
  }

  /** Reads a file; its last line break is not part of the prompt. */
  static read(file: string): Template {
    return new Template(readDocument(file).replace(/(?:\r\n|\n|\r)$/, ''), file)
  }

  get sha256(): string {
    return createHash('sha256').update(this.text).digest('hex')
  }

  /**
   * Inserts texts unchanged, numbers as the input writes them, and other values as JSON.
   * @throws `invalid_argument` for a variable without a field.
   */
  fill(fields: Readonly<Record<string, unknown>>, written?: Written): string {
    return this.text.replace(placeholder, (_, name: string) => {
      const value = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (value == null) {
        const meant = suggest(name, Object.keys(fields))
        throw new NnError(
          'invalid_argument',
          `The template needs ${JSON.stringify(name)}, which the item does not have.`,
          {
            ...(meant !== undefined && {hint: `Did you mean "${meant}"?`}),
          },
        )
      }
      if (typeof value === 'string') return value
      return (typeof value === 'number' ? written?.([name]) : undefined) ?? JSON.stringify(value)
    })
  }
}
