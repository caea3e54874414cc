import {eastAsianWidth} from 'get-east-asian-width'

/** Marks and format characters share the column of the character before them. A soft hyphen is a visible one. */
const joining = /^(?!\u00ad)[\p{Mn}\p{Me}\p{Cf}]$/u

/** Asks for the colourful form of the symbol before it, which is as wide as an emoji. */
const emojiForm = '\ufe0f'

/** Columns of a terminal that a character adds after a character with that many; wide ones, such as `漢` and `🙂`, add 2. */
export function addedColumns(character: string, before: number): number {
  if (character === emojiForm && before === 1) return 1
  if (joining.test(character)) return 0
  return eastAsianWidth(character.codePointAt(0) ?? 0)
}

/** Columns of a text without tabs and control characters. */
export function textWidth(text: string): number {
  let width = 0
  let before = 0
  for (const character of text) {
    const added = addedColumns(character, before)
    width += added
    before = added === 0 ? before : added
  }
  return width
}

/** The beginning of the text that fits into these columns. */
export function cutToWidth(text: string, columns: number): string {
  let width = 0
  let before = 0
  let end = 0
  for (const character of text) {
    const added = addedColumns(character, before)
    if (width + added > columns) break
    width += added
    end += character.length
    before = added === 0 ? before : added
  }
  return text.slice(0, end)
}
