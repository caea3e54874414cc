import {loadAddon} from '../../../../../../src/backend/engine/child/addon.js'

/** The part of the binding that matches texts, which the engine does not use. */
interface GrammarAddon {
  AddonGrammar: new (
    grammar: string,
    options: {addonExports: unknown; rootRuleName: string},
  ) => {isTextCompatible: (text: string) => boolean}
}

/** llama.cpp's own matcher; `undefined` for a grammar that it rejects. */
export async function nativeMatcher(): Promise<(grammar: string) => ((text: string) => boolean) | undefined> {
  const {addon} = await loadAddon(false)
  addon.setLogger(() => undefined)
  const {AddonGrammar} = addon as unknown as GrammarAddon
  return (grammar) => {
    try {
      const parsed = new AddonGrammar(grammar, {addonExports: addon, rootRuleName: 'root'})
      return (text) => parsed.isTextCompatible(text)
    } catch {
      // It gives no reason.
      return undefined
    }
  }
}
