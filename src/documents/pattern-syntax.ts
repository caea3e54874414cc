/** The longest regular expression, in characters. */
export const longestPattern = 1000
/** The most that a regular expression may have with its repetitions written out, in characters and classes. */
export const largestPattern = 1000
/** A counted repetition may ask for this many, as in RE2. */
const mostRepetitions = 1000

/** What JavaScript has and an engine that takes linear time cannot have. */
const unsupported: readonly [syntax: RegExp, name: string][] = [
  [/^\(\?<?[=!]/, 'look-ahead or look-behind'],
  [/^\\(?:[1-9]|k<)/, 'a back-reference'],
]

/**
 * Why a text is not a regular expression that may run here; `undefined` if it is one. The syntax is JavaScript's in Unicode
 * mode without what needs backtracking, and the size is limited: patterns come from clients and from other people's files,
 * and their time must only grow with the text that they search.
 */
export function patternFault(source: string): string | undefined {
  if (source.length > longestPattern) return `it has ${source.length} characters, at most ${longestPattern} are allowed`
  const syntax = syntaxFault(source)
  if (syntax !== undefined) return syntax
  return sizeFault(source)
}

function syntaxFault(source: string): string | undefined {
  try {
    new RegExp(source, 'u').test('')
    return undefined
  } catch (error) {
    if (error instanceof SyntaxError)
      return error.message.replace(/^Invalid regular expression: .*: /s, '').toLowerCase()
    throw error
  }
}

/** An escape, a class, a counted repetition, the start of a group, or one character. */
const piece =
  /\\(?:[pPu]\{[^}]*\}|u[0-9a-f]{4}|x[0-9a-f]{2}|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]|\{(\d+)(?:(,)(\d*))?\}|\(\?(?:[:=!]|<[=!]|<[^>]*>)|./gisu

function sizeFault(source: string): string | undefined {
  const parts = measure(source)
  if (typeof parts === 'string') return parts
  return parts > largestPattern
    ? `with its repetitions written out it has ${parts} parts, at most ${largestPattern} are allowed`
    : undefined
}

/** Characters and classes of a regular expression that is usable, with its repetitions written out. */
export function partsOf(source: string): number {
  return Number(measure(source))
}

/** The number of its parts, or why it is not usable. */
function measure(source: string): number | string {
  const groups = [0]
  let last = 0
  for (const {0: text, 1: least, 2: comma, 3: most, index} of source.matchAll(piece)) {
    const found = unsupported.find(([syntax]) => syntax.test(source.slice(index)))
    if (found !== undefined) return `it has ${found[1]}, which is not supported`
    const size = groups.length - 1
    if (text.startsWith('(')) {
      groups.push(0)
      last = 0
    } else if (text === ')') {
      last = groups.pop() ?? 0
      groups[groups.length - 1] = (groups.at(-1) ?? 0) + last
    } else if (least !== undefined) {
      const times = comma === undefined ? Number(least) : Number(most === '' ? least : most)
      if (times > mostRepetitions) return `it asks for ${times} repetitions, at most ${mostRepetitions} are allowed`
      groups[size] = (groups[size] ?? 0) + last * Math.max(0, times - 1)
    } else {
      last = 1
      groups[size] = (groups[size] ?? 0) + 1
    }
  }
  return groups[0] ?? 0
}
