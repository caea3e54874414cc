import {readFile, stat, writeFile} from 'node:fs/promises'
import type {AddonContext} from '../../../src/backend/engine/child/addon-types.js'

const magic = 0x67677371
const version = 2

/** What llama.cpp's file of a sequence looks like; the cells are made up. */
export function stateBytes(
  tokens: ArrayLike<number>,
  head: {magic?: number; version?: number; streams?: number; cells?: number} = {},
): Buffer {
  const {streams = 2, cells = tokens.length} = head
  const start = [head.magic ?? magic, head.version ?? version, tokens.length]
  // The first stream has no cells.
  const words = [...start, ...Array.from(tokens), streams, 0, cells]
  const bytes = Buffer.alloc(4 * words.length + 64, 0xab)
  for (const [at, word] of words.entries()) bytes.writeUInt32LE(word, 4 * at)
  return bytes
}

/** Cells that do as they are told, write real files, and keep a record of what they were told. */
export class KvCells {
  /** Last position that a copy reaches. */
  copied = 0
  /** The first position that all layers have; more than 0 where windows have slid. */
  first = 0
  readonly calls: string[] = []
  /** What was removed. */
  readonly removed: string[] = []
  /** Whether cells can be removed. */
  removes = true

  get context(): AddonContext {
    return this as unknown as AddonContext
  }
  removeTokenCellsFromSequence(slot: number, start: number, end: number): boolean {
    this.removed.push(`remove ${start} to ${end} of ${slot}`)
    return this.removes
  }
  getSequenceKvCacheMinPosition(): number {
    return this.first
  }
  disposeSequence(slot: number): void {
    this.removed.push(`clear ${slot}`)
  }
  shiftSequenceTokenCells(): void {
    return undefined
  }
  copySequenceStateFromOtherSequence(to: number, from: number): Promise<number> {
    this.calls.push(`copy ${from} to ${to}`)
    return Promise.resolve(this.copied)
  }
  async saveSequenceStateToFile(file: string, slot: number, tokens: Uint32Array): Promise<number> {
    this.calls.push(`save ${slot}`)
    await writeFile(file, stateBytes(tokens))
    return (await stat(file)).size
  }
  async loadSequenceStateFromFile(file: string, slot: number, most: number): Promise<Uint32Array> {
    this.calls.push(`load ${slot}`)
    const bytes = await readFile(file)
    const count = bytes.readUInt32LE(8)
    const isState = bytes.readUInt32LE(0) === magic && bytes.readUInt32LE(4) === version && count <= most
    if (!isState) throw new Error('Failed to load state from file')
    return Uint32Array.from({length: count}, (_, at) => bytes.readUInt32LE(12 + 4 * at))
  }
}
