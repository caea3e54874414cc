import {NnError} from '../errors.js'
import {contextOf, type BatchRequest} from './batch-request.js'
import type {Input} from './input/open-input.js'
import {IdTable} from './items/id-table.js'
import type {BatchItem} from './items/item.js'
import {readItems} from './items/read-items.js'
import {itemAnswerer, type BatchAnswer} from './model/answer-item.js'
import type {BatchModel} from './model/batch-model.js'
import type {BatchOutput} from './output/batch-output.js'
import {renderRow} from './output/row.js'
import type {StoredRows} from './output/stored-rows.js'
import {Progress} from './progress.js'
import {rowsInDoubt} from './rows-in-doubt.js'
import {runBatch, type Ended} from './run-batch.js'
import {renderSummary, summarize, type BatchSummary, type InputCheck} from './summary.js'
import {Tally} from './tally.js'
import {plural} from '../terminal/units.js'

export interface Opened {
  output: BatchOutput
  /** Rows of earlier runs. */
  stored: StoredRows
  model: BatchModel
  input: Input
  /** Result of the check; `undefined` for standard input, like the number of items without a row. */
  check: InputCheck | undefined
  /** Ids of the whole input; `undefined` for standard input. */
  ids: IdTable | undefined
  toAnswer: number | undefined
}

/** Answers items without a row, shows progress, and returns the summary. @throws like `answerBatch`. */
export async function answerInput(request: BatchRequest, opened: Opened): Promise<BatchSummary> {
  const {output, stored, model, input, check, ids = new IdTable(), toAnswer} = opened
  const {messages, signal, errorLimit, concurrency = model.status.parallel, limit, timeoutMs} = request
  const tally = new Tally()
  const startedAt = performance.now()
  let [skipped, running, readAll] = [0, 0, false]
  using progress = new Progress(messages, () => ({
    ...{ended: tally.ended, failed: tally.failed, skipped, total: check?.items},
    ...{outputTokens: tally.outputTokens, elapsedMs: performance.now() - startedAt},
  }))
  const summary = (outcome: BatchSummary['outcome']): BatchSummary =>
    summarize(tally, {
      ...{output: request.output, outcome, skipped, skipped_failed: stored.failed},
      remaining: toAnswer === undefined ? (outcome === 'complete' ? 0 : null) : toAnswer - tally.ended,
      wall_ms: performance.now() - startedAt,
    })

  async function* items(): AsyncGenerator<BatchItem> {
    let seen = 0
    const context = contextOf(request, (text) => progress.say(text), timeoutMs)
    for await (const item of readItems(input.records, context, ids)) {
      if (stored.done.has(item.line)) skipped += 1
      else yield item
      seen += 1
      if (seen === limit) return
    }
    readAll = true
  }
  const write = (ended: Ended<BatchItem, BatchAnswer>): void => {
    output.append(renderRow(ended, model.status))
    tally.add(ended)
  }
  const announce = (): void => {
    progress.say(
      `Stopping after ${plural(running, 'running item')}. A second signal aborts ${running === 1 ? 'it' : 'them'}.`,
    )
  }

  // A second signal ends the process at once.
  const tellAtOnce = (): void => progress.conclude(renderSummary(summary('stopped')))

  signal.addEventListener('abort', announce)
  process.on('exit', tellAtOnce)
  try {
    const outcome = await runBatch(items(), itemAnswerer(model), write, {
      ...{concurrency, order: request.order, retries: request.retries, stop: signal},
      isEnough: () => errorLimit?.(tally.failed, tally.ended) === true,
      onRunning: (count) => (running = count),
    })
    if (outcome === 'complete' && readAll) await conclude(opened, input.fingerprint().sha256)
    return summary(outcome)
  } catch (error) {
    if (error instanceof NnError && error.reason === 'rows_in_doubt') output.doubt(error.message)
    progress.say(renderSummary(summary('failed')))
    throw error
  } finally {
    signal.removeEventListener('abort', announce)
    process.off('exit', tellAtOnce)
  }
}

/** Marks the output as complete, unless the input changed during the run. */
async function conclude({output, model, check}: Opened, sha256: string): Promise<void> {
  if (check !== undefined && check.input.sha256 !== sha256) {
    throw rowsInDoubt('The input changed during the run: rows may belong to the old or the new version.')
  }
  await model.checkAlive()
  output.complete()
}
