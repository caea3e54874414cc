import {checkFirstSymbols, printRules} from './flat-grammar.js'
import {flatten} from './flatten.js'
import {explainFault, GrammarFault, type Grammar, type Item} from './grammar.js'
import {repeatNothingEmpty} from './nonempty.js'
import {parseGrammar} from './parse.js'

export {mostRepetitions} from './parse.js'

/**
 * Checks a GBNF grammar and writes it so that llama.cpp holds all of it.
 *
 * @throws `Error` that says what is wrong, and at which line and column
 */
export function prepareGrammar(text: string): string {
  try {
    const grammar = parseGrammar(text)
    checkNames(grammar)
    const rules = flatten(repeatNothingEmpty(grammar))
    checkFirstSymbols(rules, (name) => grammar.rules.has(name))
    return printRules(rules)
  } catch (error) {
    if (error instanceof GrammarFault) throw new Error(explainFault(error, text), {cause: error})
    throw error
  }
}

function checkNames({rules}: Grammar): void {
  if (!rules.has('root')) throw new GrammarFault('it does not have a rule named root')
  const check = (item: Item): void => {
    if (item.kind === 'repetition') check(item.item)
    else if (item.kind === 'group') item.choices.flat().forEach(check)
    else if (item.kind === 'rule' && !rules.has(item.name))
      throw new GrammarFault(`there is no rule named ${item.name}, which is used`, item.offset)
  }
  for (const choices of rules.values()) choices.flat().forEach(check)
}
