/** Values as no honest caller passes them. Those with `json` have a JSON text, which `JSON.stringify` may not manage. */
export interface OddValue {
  what: string
  json?: string
  value: () => unknown
}

const parsed = (what: string, json: string): OddValue => ({what, json, value: () => JSON.parse(json) as unknown})

/** Values that exceed the bounds by their depth, which costs little to find. */
export const deep: readonly OddValue[] = [
  parsed('a list that is nested 5,000 deep', '['.repeat(5000) + ']'.repeat(5000)),
  parsed('an object that is nested 5,000 deep', '{"a":'.repeat(5000) + '1' + '}'.repeat(5000)),
  parsed('a list that is nested 101 deep', '['.repeat(101) + ']'.repeat(101)),
]

/** Values that exceed the bounds by their number. */
const many: readonly OddValue[] = [
  parsed('11,000 keys', `{${Array.from({length: 11_000}, (_, n) => `"k${n}":1`).join(',')}}`),
  parsed('101,000 keys of small objects', `[${'{"a":1,"b":1},'.repeat(50_500)}1]`),
  parsed('200,000 keys', `{${Array.from({length: 200_000}, (_, n) => `"k${n}":1`).join(',')}}`),
  parsed('a list of 400,000 lists', `[${'[],'.repeat(400_000)}[]]`),
]

/** Values that exceed the bounds. */
export const excessive: readonly OddValue[] = [...deep, ...many]

/** Objects that have no JSON at all. */
export const unwritable: readonly OddValue[] = [
  {
    what: 'a list that contains itself',
    value: () => {
      const list: unknown[] = []
      list.push(list)
      return list
    },
  },
  {
    what: 'two objects that contain each other',
    value: () => {
      const [a, b]: Record<string, unknown>[] = [{}, {}]
      Object.assign(a ?? {}, {b})
      Object.assign(b ?? {}, {a})
      return a
    },
  },
  {what: 'a bigint', value: () => [10n]},
  {what: 'a symbol', value: () => ({a: Symbol('a')})},
  {what: 'a function', value: () => [() => 1]},
  {
    what: 'a getter that throws',
    value: () => ({
      get a(): never {
        throw new Error('no')
      },
    }),
  },
  {
    what: 'a proxy that throws',
    value: () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no')
          },
        },
      ),
  },
  {what: 'a list of any length', value: () => new Array<unknown>(2 ** 32 - 1)},
]

/** Values within the bounds of the wrong type, or large. */
export const strange: readonly OddValue[] = [
  parsed('a list that is nested 60 deep', '['.repeat(60) + ']'.repeat(60)),
  parsed('a text of a million characters', JSON.stringify('x'.repeat(1_000_000))),
  parsed('11,000 wrong values', `[${'{},'.repeat(11_000)}1]`),
  parsed('11,000 texts', `[${'"a",'.repeat(11_000)}"a"]`),
  parsed('120,000 wrong values', `[${'1,'.repeat(120_000)}1]`),
  parsed('a huge number', '1e400'),
  parsed('a prototype', '{"constructor":{"prototype":1},"toString":1,"hasOwnProperty":2}'),
]
