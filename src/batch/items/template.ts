import {createHash} from 'node:crypto'
import {NnError} from '../../errors.js'
import {readDocument, suggest} from '../../documents/index.js'

const placeholder = /\{\{\s*([^{}]+?)\s*\}\}/g

/** A prompt with `{{variable}}` in the places of an item's fields. What is filled in is not looked at again. */
export class Template {
  readonly names: ReadonlySet<string>

  /** @throws `invalid_argument` for a text without a variable: all prompts would be one. */
  constructor(
    private readonly text: string,
    name: string,
  ) {
    this.names = new Set([...text.matchAll(placeholder)].map(([, variable = '']) => variable))
    if (this.names.size > 0) return
    throw new NnError('invalid_argument', `${name} has no {{variable}}, so all prompts would be the same.`)
  }

  /** Reads a file; the line break that ends its last line is not part of the prompt. */
  static read(file: string): Template {
    return new Template(
      readDocument(file)
        .replace(/^\uFEFF/, '')
        .replace(/\r?\n$/, ''),
      file,
    )
  }

  get sha256(): string {
    return createHash('sha256').update(this.text).digest('hex')
  }

  /** Texts go in as they are, other values as JSON. @throws `invalid_argument` for a variable that is no field. */
  fill(fields: Readonly<Record<string, unknown>>): string {
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
      return typeof value === 'string' ? value : JSON.stringify(value)
    })
  }
}
