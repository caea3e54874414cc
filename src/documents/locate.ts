import {isAlias, isMap, isNode, isScalar, isSeq, type Document, type LineCounter, type Node, type Pair} from 'yaml'

export type Locate = (path: readonly (string | number)[], target?: 'key' | 'value') => {line: number; column: number}

/**
 * Finds positions in a document; a path that does not exist gives the position of its last existing part.
 * @internal
 */
export function locator(document: Document, lines: LineCounter): Locate {
  return (path, target = 'value') => {
    let node = document.contents
    let offset = startOf(node) ?? 0
    for (const [depth, part] of path.entries()) {
      const found = step(document, node, part)
      if (found === undefined) break
      node = found.value
      const wantsKey = target === 'key' && depth === path.length - 1
      offset = (wantsKey ? startOf(found.key) : startOf(found.value)) ?? startOf(found.key) ?? offset
    }
    const {line, col} = lines.linePos(offset)
    return {line: Math.max(line, 1), column: Math.max(col, 1)}
  }
}

/**
 * The node of that path; `undefined` if there is none.
 * @internal
 */
export function nodeAt(document: Document, path: readonly (string | number)[]): Node | null | undefined {
  let node: Node | null | undefined = document.contents
  for (const part of path) {
    node = step(document, node, part)?.value
    if (node === undefined) return undefined
  }
  return isAlias(node) ? node.resolve(document) : node
}

function step(
  document: Document,
  from: Node | null | undefined,
  part: string | number,
): {key: Node | null; value: Node | null} | undefined {
  const node = isAlias(from) ? from.resolve(document) : from
  if (isMap(node)) {
    const pair = node.items.find(({key}: Pair) => String(isScalar(key) ? key.value : key) === String(part))
    return pair === undefined ? undefined : {key: asNode(pair.key), value: asNode(pair.value)}
  }
  if (!isSeq(node) || typeof part !== 'number' || part >= node.items.length) return undefined
  return {key: null, value: asNode(node.items[part])}
}

function asNode(value: unknown): Node | null {
  return isNode(value) ? value : null
}

function startOf(node: Node | null): number | undefined {
  return node?.range?.[0]
}
