/** A grammar as a matcher can follow it without reading it. */
export type Pattern =
  | {kind: 'text'; text: string}
  | {kind: 'class'; has: (character: string) => boolean}
  | {kind: 'rule'; name: string}
  | {kind: 'choice'; alternatives: Pattern[][]}
  | {kind: 'repeat'; pattern: Pattern; least: number; most: number}

export interface RandomGrammar {
  text: string
  rules: Record<string, Pattern>
}

const bounds: [written: string, least: number, most: number][] = [
  ['', 1, 1],
  ['', 1, 1],
  ['', 1, 1],
  ['?', 0, 1],
  ['*', 0, Infinity],
  ['+', 1, Infinity],
  ['{2}', 2, 2],
  ['{1,3}', 1, 3],
  ['{2,}', 2, Infinity],
  ['{0}', 0, 0],
]
const simple: [written: string, pattern: Pattern][] = [
  ['"a"', {kind: 'text', text: 'a'}],
  ['"b"', {kind: 'text', text: 'b'}],
  ['"ab"', {kind: 'text', text: 'ab'}],
  ['[ab]', {kind: 'class', has: (character) => 'ab'.includes(character)}],
  ['[^a]', {kind: 'class', has: (character) => character !== 'a'}],
  ['[é-ü]', {kind: 'class', has: (character) => character >= 'é' && character <= 'ü'}],
  ['one', {kind: 'rule', name: 'one'}],
  ['two', {kind: 'rule', name: 'two'}],
]

/** A grammar of nested groups and repetitions over `a`, `b` and `c`, with rules that contain each other. */
export function randomGrammar(random: () => number): RandomGrammar {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const item = (depth: number): [string, Pattern] => {
    const [written, pattern] = depth > 0 && random() < 0.4 ? group(depth - 1) : pick(simple)
    const [times, least, most] = pick(bounds)
    return [written + times, {kind: 'repeat', pattern, least, most}]
  }
  const sequence = (depth: number): [string, Pattern[]] => {
    const items = Array.from({length: 1 + Math.floor(random() * 3)}, () => item(depth))
    return [items.map(([written]) => written).join(' '), items.map(([, pattern]) => pattern)]
  }
  const choices = (depth: number): [string, Pattern] => {
    const all = Array.from({length: 1 + Math.floor(random() * 2)}, () => sequence(depth))
    return [
      all.map(([written]) => written).join(' | '),
      {kind: 'choice', alternatives: all.map(([, patterns]) => patterns)},
    ]
  }
  const group = (depth: number): [string, Pattern] => {
    const [written, pattern] = choices(depth)
    return [`(${written})`, pattern]
  }
  const [written, root] = choices(2)
  const [one, two] = [choices(0), choices(0)]
  // A first character keeps them from beginning with themselves.
  return {
    text: `root ::= ${written}\none ::= "a" | "b" (${one[0]})\ntwo ::= [b] (${two[0]})`,
    rules: {
      root,
      one: choice([{kind: 'text', text: 'a'}], [{kind: 'text', text: 'b'}, one[1]]),
      two: choice([{kind: 'text', text: 'b'}, two[1]]),
    },
  }
}

function choice(...alternatives: Pattern[][]): Pattern {
  return {kind: 'choice', alternatives}
}

/** Whether the grammar matches the text, by trying all ways to read it. */
export function naivelyMatches({rules}: RandomGrammar, text: string): boolean {
  const characters = Array.from(text)
  /** Where a pattern that begins at a place may end. */
  const ends = (pattern: Pattern, at: number): Set<number> => {
    switch (pattern.kind) {
      case 'text':
        return new Set(
          characters.slice(at, at + pattern.text.length).join('') === pattern.text ? [at + pattern.text.length] : [],
        )
      case 'class':
        return new Set(at < characters.length && pattern.has(characters[at] ?? '') ? [at + 1] : [])
      case 'rule': {
        const rule = rules[pattern.name]
        return rule === undefined ? new Set() : ends(rule, at)
      }
      case 'choice':
        return union(
          pattern.alternatives.map((patterns) => patterns.reduce((from, one) => step(from, one), new Set([at]))),
        )
      case 'repeat':
        return repeated(pattern, at)
    }
  }
  const step = (from: Set<number>, pattern: Pattern): Set<number> => union([...from].map((at) => ends(pattern, at)))
  const repeated = ({pattern, least, most}: Pattern & {kind: 'repeat'}, at: number): Set<number> => {
    let reached = new Set([at])
    for (let copy = 0; copy < least; copy++) reached = step(reached, pattern)
    const all = new Set(reached)
    for (let copy = least; copy < most; copy++) {
      reached = new Set([...step(reached, pattern)].filter((end) => !all.has(end)))
      if (reached.size === 0) break
      for (const end of reached) all.add(end)
    }
    return all
  }
  return ends({kind: 'rule', name: 'root'}, 0).has(characters.length)
}

function union(sets: Iterable<number>[]): Set<number> {
  return new Set(sets.flatMap((one) => [...one]))
}
