import {readFileSync} from 'node:fs'
import {setImmediate as turn} from 'node:timers/promises'
import type {OutputMetadata} from '../../src/backend/contract/types.js'
import {defaultConfig} from '../../src/config/index.js'
import type {GraphStatus} from '../../src/backend/contract/status.js'
import {openInput} from '../../src/batch/input/open-input.js'
import {IdTable} from '../../src/batch/items/id-table.js'
import type {BatchItem} from '../../src/batch/items/item.js'
import {readItems, type ItemsContext} from '../../src/batch/items/read-items.js'
import {BatchOutput} from '../../src/batch/output/batch-output.js'
import {renderRow} from '../../src/batch/output/row.js'
import {runBatch} from '../../src/batch/run-batch.js'
import {keepHeapSmall} from '../../src/batch/small-heap.js'
import {Tally} from '../../src/batch/tally.js'

// A batch as the command runs it, but without a model: items, rows and record are real files.
const [input = '', output = '', order = 'input'] = process.argv.slice(2)
const metadata: OutputMetadata = {
  ...{input_tokens: 20, output_tokens: 40, stop_reason: 'end_of_sequence', prompt_ms: 1, predict_ms: 2, ttft_ms: 1},
  ...{cached_tokens: 0, seed: 1, llama_build: 'none', llama_commit: 'none'},
}
keepHeapSmall()
let answered = 0
{
  await using file = await BatchOutput.open(output, {resume: false, overwrite: true, retryErrors: false})
  file.begin({input: null, settings: {}})
  using opened = openInput(input)
  const tally = new Tally()
  const context: ItemsContext = {
    ...{config: defaultConfig(), template: undefined, hasTemplate: false, deterministic: undefined, defaults: {}},
    ...{onUnused: () => undefined, onIgnored: () => undefined, onModel: () => undefined},
  }
  const items = readItems(opened.records, context, new IdTable())
  const answer = async ({id}: Pick<BatchItem, 'id'>): Promise<{text: string; metadata: OutputMetadata}> => {
    // One item in sixteen takes long, so that others wait for it.
    const turns = Number(id?.slice(1)) % 16 === 0 ? 200 : 1
    for (let waited = 0; waited < turns; waited++) await turn()
    answered += 1
    return {text: `This is the answer to item ${String(id)}. `.repeat(8), metadata}
  }
  await runBatch(
    items,
    answer,
    (ended) => {
      file.append(renderRow(ended, {} as GraphStatus))
      tally.add(ended)
    },
    {concurrency: 8, order: order === 'completion' ? 'completion' : 'input', stop: new AbortController().signal},
  )
  file.complete()
}
// `getrusage` would include the parent's memory at the time of the fork.
const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
console.log(JSON.stringify({answered, peakBytes: Number(kib) * 1024}))
