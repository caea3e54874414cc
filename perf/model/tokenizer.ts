export interface Tokenizer {
  tokens: string[]
  /** 1 is a normal token, 3 a control token (`llama_token_type`). */
  types: number[]
  merges: string[]
  bos: number
  eos: number
}

const letters = Array.from('etaoinshrdlucmfwypvbgkjqxz')
const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']

export const chatTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/**
 * A byte-level BPE vocabulary of exactly `size` tokens: the 256 bytes, strings of letters by length, and three special
 * tokens at the end. Each string merges a shorter one with a last letter, so all of them can be produced.
 */
export function makeTokenizer(size: number): Tokenizer {
  const bytes = byteCharacters()
  const wanted = size - bytes.length - special.length
  if (wanted < 0) throw new Error(`A vocabulary needs at least ${bytes.length + special.length} tokens, not ${size}.`)
  const merged: string[] = []
  const merges: string[] = []
  // `Ġ` is how byte-level vocabularies write a space: tokens begin a word or continue one.
  let beginnings = ['Ġ', ...letters]
  while (merged.length < wanted) {
    const longer: string[] = []
    for (const beginning of beginnings) {
      for (const letter of letters) {
        if (merged.length === wanted) break
        merges.push(`${beginning} ${letter}`)
        merged.push(beginning + letter)
        longer.push(beginning + letter)
      }
    }
    beginnings = longer
  }
  const tokens = [...bytes, ...merged, ...special]
  return {
    ...{tokens, merges, bos: tokens.indexOf('<|endoftext|>'), eos: tokens.indexOf('<|im_end|>')},
    types: tokens.map((token) => (special.includes(token) ? 3 : 1)),
  }
}

/** GPT-2's visible character for each byte: printable bytes stand for themselves, the others start at U+0100. */
function byteCharacters(): string[] {
  let next = 0x100
  return Array.from({length: 256}, (_, byte) => {
    const visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    return String.fromCodePoint(visible ? byte : next++)
  })
}
