import type {Config} from '../../../../config/index.js'
import {NnError} from '../../../../errors.js'
import {Constraint} from './automaton/constraint.js'
import {compileGrammar, type Matcher} from './automaton/matcher.js'
import {Vocabulary, type TokenSource} from './automaton/vocabulary.js'
import {TooMuchWork} from './automaton/work.js'
import {Follower, tooAmbiguous, type GrammarKey} from './follower.js'
import {explainFault, GrammarFault, type Grammar} from './gbnf/grammar.js'
import {parseGrammar} from './gbnf/parse.js'
import {checkSize, normalizeSchema} from './json-schema.js'
import {Turns, type Pieces} from './pieces.js'
import {schemaGrammar} from './schema-grammar.js'

/** Compiled grammars that are kept, and their positions together. */
const mostKept = 32
const mostPositionsKept = 2_000_000

/** The grammars that the answers of one model follow. Compiled ones are kept and shared. */
export class Grammars {
  private readonly turns = new Turns()
  private vocabulary: Promise<Vocabulary> | undefined
  /** By their kind and text, the one that was used last at the end. */
  private readonly kept = new Map<string, {constraint: Promise<Constraint>; positions: number}>()

  constructor(private readonly tokens: TokenSource) {}

  /**
   * The grammar that an answer follows, at its start; `undefined` if it follows none.
   *
   * @throws `invalid_argument` with what is wrong and the place
   */
  async follow({grammar, json_schema}: Config['sampling']): Promise<Follower | undefined> {
    if (json_schema !== null) {
      checkSize(json_schema, 'json_schema')
      const text = JSON.stringify(json_schema)
      return this.started('json_schema', text, () => schemaGrammar(normalizeSchema(json_schema)))
    }
    return grammar === '' ? undefined : this.started('grammar', grammar, () => parseGrammar(grammar))
  }

  private async started(key: GrammarKey, text: string, read: () => Pieces<Grammar>): Promise<Follower> {
    try {
      const follower = new Follower(await this.constraint(`${key} ${text}`, read), key)
      if (await follower.canBegin()) return follower
    } catch (error) {
      if (error instanceof TooMuchWork) throw tooAmbiguous(key)
      if (error instanceof GrammarFault) throw wrong(key, explainFault(error, text), error)
      throw error
    }
    throw wrong(key, 'no token of the model can begin a text that it matches')
  }

  private constraint(id: string, read: () => Pieces<Grammar>): Promise<Constraint> {
    const known = this.kept.get(id)
    if (known !== undefined) {
      this.kept.delete(id)
      this.kept.set(id, known)
      return known.constraint
    }
    const entry = {constraint: this.compile(read), positions: 0}
    this.kept.set(id, entry)
    entry.constraint.then(
      ({matcher}) => {
        entry.positions = matcher.positions
        this.evict()
      },
      () => this.kept.delete(id),
    )
    return entry.constraint
  }

  private async compile(read: () => Pieces<Grammar>): Promise<Constraint> {
    const matcher = await this.turns.do(
      (function* (): Pieces<Matcher> {
        return yield* compileGrammar(yield* read())
      })(),
    )
    this.vocabulary ??= this.turns.do(Vocabulary.build(this.tokens))
    return new Constraint(matcher, await this.vocabulary)
  }

  private evict(): void {
    let positions = [...this.kept.values()].reduce((sum, one) => sum + one.positions, 0)
    for (const [id, one] of this.kept) {
      if (this.kept.size <= mostKept && positions <= mostPositionsKept) return
      this.kept.delete(id)
      positions -= one.positions
    }
  }
}

function wrong(key: GrammarKey, what: string, cause?: Error): NnError {
  const hint = key === 'grammar' ? {hint: 'docs/reference/http.md has the rules for grammars.'} : {}
  return new NnError('invalid_argument', `${key}: ${what}.`, {...hint, cause})
}
