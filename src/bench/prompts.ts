import {seededRandom} from '../system/random.js'

/** Short words that are a token each in most vocabularies, together with the space before them. */
const words =
  'the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were her all she there would their we him been has when who will more no if out so said what up its about into than them can only other new some could time these two may then do first any my now such like our over man me even most made after also did many before must through back years where much your way well down should because each just those people how too little state good very make world still own see men work long get here between both life being under never day same another know while last might us great old year off come since against go came right used take three'.split(
    ' ',
  )
const digits = '0 1 2 3 4 5 6 7 8 9'.split(' ')

/** How to build prompts for one vocabulary. */
interface Recipe {
  units: readonly string[]
  separator: string
  /** Tokens of the opening, and of those that the tokenizer adds automatically. */
  base: number
  /** Whether every unit is known to be exactly one token. */
  exact: boolean
}

/** Start of every prompt. The rest is random, so that no prompt continues another one. */
const opening = 'Once'

/** Creates different prompts with a given number of tokens. */
export class Prompts {
  /**
   * Determines the token counts of the parts.
   *
   * @param count token count of a text by the measured model; `null` if unknown
   */
  static async forTokenizer(count: (text: string) => Promise<number | null>): Promise<Prompts> {
    for (const [units, separator] of [
      [words, ' '],
      [digits, ''],
    ] as const) {
      const recipe = await tryUnits(units, separator, count)
      if (recipe?.exact === true) return new Prompts(recipe)
    }
    return new Prompts((await tryUnits(words, ' ', count)) ?? {units: words, separator: ' ', base: 1, exact: false})
  }

  private constructor(private readonly recipe: Recipe) {}

  /**
   * Whether prompts have exactly the requested number of tokens; otherwise they are as close as possible with whole
   * words.
   */
  get exact(): boolean {
    return this.recipe.exact
  }

  /**
   * A prompt. A longer one with the same seed starts with it.
   *
   * @param tokens at least 1, including those that the tokenizer adds automatically
   */
  make(tokens: number, seed: number): string {
    const {units, separator, base} = this.recipe
    const random = seededRandom(seed)
    const drawn = Array.from(
      {length: Math.max(0, tokens - base)},
      () => units[Math.floor(random() * units.length)] ?? '',
    )
    return [opening, ...drawn].join(separator === '' ? '' : separator)
  }
}

/** `undefined` if token counts are unknown. */
async function tryUnits(
  units: readonly string[],
  separator: string,
  count: (text: string) => Promise<number | null>,
): Promise<Recipe | undefined> {
  const tokensOf = (list: readonly string[]): Promise<number | null> => count([opening, ...list].join(separator))
  const half = units.length >> 1
  const [none, some, all] = [await tokensOf([]), await tokensOf(units.slice(0, half)), await tokensOf(units)]
  if (none === null || some === null || all === null) return undefined
  // A unit is at least one token, so if all together have as many tokens as units, each is exactly one.
  const exact = some - none === half && all - none === units.length
  return {units, separator, base: none, exact}
}
