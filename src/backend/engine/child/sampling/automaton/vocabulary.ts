import type {Pieces} from '../pieces.js'

/** What the vocabulary of a model tells about its tokens. */
export interface TokenSource {
  vocabularySize: number
  isEog: (token: number) => boolean
  /** None for a token without a text, such as a control token. */
  bytes: (token: number) => readonly number[]
}

const tokensAtOnce = 20

/**
 * The texts of all tokens as a tree of bytes. Its nodes are in one list, each before the nodes below it, so that a walk
 * needs no stack of nodes and skips a whole branch at once.
 */
export class Vocabulary {
  private constructor(
    readonly size: number,
    readonly endTokens: readonly number[],
    /** The bytes of each token as a string of Latin-1; empty for tokens without a text and for end tokens. */
    private readonly texts: readonly string[],
    /** The last byte of each node. */
    readonly byte: Uint8Array,
    /** How many bytes each node has. */
    readonly depth: Uint16Array,
    /** The first node behind each node's branch. */
    readonly behind: Int32Array,
    /** Tokens by node, in the nodes' order, and where those of each node begin. */
    readonly tokens: Int32Array,
    readonly firstToken: Int32Array,
  ) {}

  static *build(source: TokenSource): Pieces<Vocabulary> {
    const size = source.vocabularySize
    const endTokens: number[] = []
    const texts: string[] = []
    for (let token = 0; token < size; token++) {
      const isEnd = source.isEog(token)
      if (isEnd) endTokens.push(token)
      const text = isEnd ? '' : Buffer.from(source.bytes(token)).toString('latin1')
      // llama.cpp reads such a token as one without a text.
      texts.push(text.startsWith('\0') ? '' : text)
      if (token % tokensAtOnce === 0) yield
    }
    const tokens = yield* sortTokens(texts)
    const {byte, depth, behind, firstToken} = yield* buildTree(tokens, texts)
    return new Vocabulary(size, endTokens, texts, byte, depth, behind, Int32Array.from(tokens), firstToken)
  }

  /** The bytes that a token writes into a text; `undefined` if it writes none. */
  bytesOf(token: number): number[] | undefined {
    const text = this.texts[token] ?? ''
    return text === '' ? undefined : [...Buffer.from(text, 'latin1')]
  }

  hasText(token: number): boolean {
    return (this.texts[token] ?? '') !== ''
  }
}

/** Tokens with a text in the order of their bytes, sorted by parts: a single sort would take too long. */
function* sortTokens(texts: readonly string[]): Pieces<number[]> {
  const parts = new Map<string, number[]>()
  for (const [token, text] of texts.entries()) {
    if (token % 500 === 0) yield
    if (text === '') continue
    const start = text.slice(0, 2)
    const part = parts.get(start)
    if (part === undefined) parts.set(start, [token])
    else part.push(token)
  }
  const sorted: number[] = []
  for (const start of [...parts.keys()].sort(byText)) {
    const part = parts.get(start) ?? []
    part.sort((a, b) => byText(texts[a] ?? '', texts[b] ?? '') || a - b)
    for (const token of part) sorted.push(token)
    yield
  }
  return sorted
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

type Tree = Pick<Vocabulary, 'byte' | 'depth' | 'behind' | 'firstToken'>

function* buildTree(tokens: readonly number[], texts: readonly string[]): Pieces<Tree> {
  const [byte, depth, behind, firstToken]: [number[], number[], number[], number[]] = [[], [], [], []]
  /** The node of each length on the way to the last token. */
  const path: number[] = []
  let before = ''
  for (const [index, token] of tokens.entries()) {
    const text = texts[token] ?? ''
    let shared = 0
    while (shared < before.length && shared < text.length && before.charCodeAt(shared) === text.charCodeAt(shared))
      shared++
    for (const node of path.splice(shared)) behind[node] = byte.length
    for (let at = shared; at < text.length; at++) {
      path.push(byte.length)
      byte.push(text.charCodeAt(at))
      depth.push(at + 1)
      behind.push(-1)
      firstToken.push(index)
    }
    before = text
    if (index % 100 === 0) yield
  }
  for (const node of path) behind[node] = byte.length
  return {
    byte: Uint8Array.from(byte),
    depth: Uint16Array.from(depth),
    behind: Int32Array.from(behind),
    firstToken: Int32Array.from([...firstToken, tokens.length]),
  }
}
