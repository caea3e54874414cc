import {randomUUID} from 'node:crypto'
import {mkdtempSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {PrefixStore} from '../../../../../src/backend/engine/child/prefix-store.js'
import {Slots, type Prepared, type Slot} from '../../../../../src/backend/engine/child/slots.js'
import {KvCells} from '../../../support/kv-cells.js'

export interface Opened {
  slots: Slots
  store: PrefixStore
  cells: KvCells
  events: string[]
  folder: string
}

export const opened = (count: number, {maxTokens = 0, partial = true, capacity = Infinity} = {}): Opened => {
  const cells = new KvCells()
  const events: string[] = []
  const folder = path.join(folders, randomUUID())
  const settings = maxTokens === 0 ? null : {folder, durable: false, maxTokens, partial}
  const owners = new Map<string, string>()
  const store: PrefixStore = new PrefixStore(cells.context, settings, {
    saved: ({id, session, tokens}) => {
      owners.set(id, session ?? 'nobody')
      events.push(`saved ${session ?? 'nobody'}: ${tokens}`)
    },
    restored: (id) => events.push(`restored ${owners.get(id) ?? id}`),
    unsaved: (id, reason) => events.push(`${reason} ${owners.get(id) ?? id}`),
    failed: (message) => events.push(message),
  })
  return {slots: new Slots(cells.context, count, store, partial, true, capacity), store, cells, events, folder}
}

const folders = mkdtempSync(path.join(tmpdir(), 'wnn-test-'))
/** Removes what `opened` has made. */
export const removeFolders = (): Promise<void> => rm(folders, {recursive: true, force: true})

export const prompt = (tokens: number[]): Uint32Array => Uint32Array.from(tokens)

/** Takes a slot for a prompt, prepares it, leaves these tokens in it and gives it back. */
export const serve = async (
  slots: Slots,
  session: string | null,
  tokens: number[],
): Promise<Prepared & {slot: Slot}> => {
  const slot = slots.take(prompt(tokens), session)
  if (slot === undefined) throw new Error('no slot')
  const prepared = await slots.prepare(slot, prompt(tokens), session)
  slots.decoded()
  slot.tokens = [...tokens]
  slots.release(slot)
  return {...prepared, slot}
}

export const range = (length: number, from = 0): number[] => Array.from({length}, (_, i) => from + i)
