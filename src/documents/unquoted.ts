/** Characters with which no plain text of YAML may begin: alias, anchor, tag, directive, and two without a meaning. */
const reserved = '*&!%@`'

/** What to do about a text that begins with one of them. */
export function unquoted(character: string): string {
  return `Quote a text that begins with ${character}: "${character}…"`
}

/** The hint for a mistake at that place, when it may be due to such a text in its line. */
export function hintAt(text: string, offset: number): string | undefined {
  const at = text[offset] ?? ''
  if (at !== '' && reserved.includes(at)) return unquoted(at)
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const [line = ''] = text.slice(start).split('\n', 1)
  const [, first] = /^\s*(?:- +)*(?:[^\s'"#[\]{},]+:\s+)?([*&!%@`])/.exec(line) ?? []
  return first === undefined ? undefined : unquoted(first)
}
