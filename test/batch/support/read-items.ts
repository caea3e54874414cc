import {defaultConfig} from '../../../src/config/index.js'
import type {NnError} from '../../../src/errors.js'
import type {InputRecord} from '../../../src/batch/input/record.js'
import {IdTable} from '../../../src/batch/items/id-table.js'
import type {BatchItem} from '../../../src/batch/items/item.js'
import {readItems, type ItemsContext} from '../../../src/batch/items/read-items.js'

/** The items of an input with these values, one per line. */
export function read(
  values: readonly unknown[],
  {isText = false, ...context}: Partial<ItemsContext> & {isText?: boolean} = {},
): Promise<BatchItem[]> {
  return readRecords(
    values.map((value, at) => ({line: at + 1, content: {value, isText}})),
    context,
  )
}

/** The items of these records. */
export async function readRecords(
  given: readonly InputRecord[],
  context: Partial<ItemsContext> = {},
  ids = new IdTable(),
): Promise<BatchItem[]> {
  async function* records(): AsyncGenerator<InputRecord> {
    for (const record of given) yield await Promise.resolve(record)
  }
  const items: BatchItem[] = []
  const nothing = (): void => undefined
  const whole: ItemsContext = {
    ...{config: defaultConfig(), template: undefined, deterministic: undefined, defaults: {}},
    ...{onUnused: nothing, onIgnored: nothing, onModel: nothing, hasTemplate: context.template !== undefined},
    ...context,
  }
  for await (const item of readItems(records(), whole, ids)) items.push(item)
  return items
}

export const faultOf = ({question}: BatchItem): NnError | undefined =>
  'fault' in question ? question.fault : undefined
