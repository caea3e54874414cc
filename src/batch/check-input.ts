import {TransientLine} from '../terminal/transient-line.js'
import type {CheckRequest} from './batch-request.js'
import {IdTable} from './items/id-table.js'
import type {BatchItem} from './items/item.js'
import {readItems, type ItemsContext} from './items/read-items.js'
import {openInput} from './input/open-input.js'
import {LineSet} from './output/line-set.js'
import type {InputCheck, Fault} from './summary.js'
import {untilAborted} from '../system/until-aborted.js'

/** Maximum number of errors that are kept for display; all are counted. */
const mostFaults = 20

export interface CheckedInput {
  check: InputCheck
  /** Lines of its items. */
  lines: LineSet
  ids: IdTable
}

/**
 * Reads the whole input before anything is answered: counts and checks its items and computes its checksum.
 * @throws `invalid_argument` for an input that cannot be read, the signal's reason.
 */
export async function checkInput(
  name: string,
  context: ItemsContext,
  {delimiter, limit = Infinity, messages, signal}: Pick<CheckRequest, 'delimiter' | 'limit' | 'messages' | 'signal'>,
): Promise<CheckedInput> {
  const ids = new IdTable()
  using input = openInput(name, delimiter)
  using line = new TransientLine(messages, 'Checking the input…')
  const faults: Fault[] = []
  const lines = new LineSet()
  let [items, faulty] = [0, 0]
  for await (const item of untilAborted(readItems(input.records, context, ids), signal)) {
    if (items >= limit) continue
    items += 1
    lines.add(item.line)
    if (items % 1000 === 0) line.update(`Checking the input… ${items} items`)
    const fault = faultOf(item)
    if (fault === undefined) continue
    faulty += 1
    if (faults.length < mostFaults) faults.push(fault)
  }
  signal.throwIfAborted()
  return {check: {items, faulty, faults, input: input.fingerprint()}, lines, ids}
}

function faultOf({line, id, question}: BatchItem): Fault | undefined {
  if (!('fault' in question)) return undefined
  const {message, hint} = question.fault
  return {line, id, message: hint === undefined ? message : `${message} ${hint}`}
}
