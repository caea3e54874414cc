import {NnError} from '../errors.js'
import {answerInput} from './answer-input.js'
import {contextOf, settingsOf, type BatchRequest, type CheckRequest} from './batch-request.js'
import {checkInput} from './check-input.js'
import {openInput, standardInput} from './input/open-input.js'
import {BatchOutput} from './output/batch-output.js'
import {checkOutput} from './output/check-output.js'
import {findRows} from './output/find-rows.js'
import {renderFaults, type BatchSummary, type InputCheck} from './summary.js'
import {begun} from '../system/until-aborted.js'
import {sanitize} from '../terminal/sanitize.js'
import {plural} from '../terminal/units.js'

/**
 * Checks an input and answers nothing; with an output, also checks that it can be resumed.
 * @throws `invalid_argument` if one cannot be read, or the output cannot be resumed.
 */
export async function checkBatch(
  request: CheckRequest,
  resumed?: Pick<BatchRequest, 'output' | 'how'>,
): Promise<InputCheck> {
  const {input, messages} = request
  const context = contextOf(request, (text) => messages.write(`${sanitize(text)}\n`))
  const {check, lines} = await checkInput(input, context, request)
  if (resumed === undefined) return check
  const stored = findRows(resumed.output, {input: check.input, settings: settingsOf(request)})
  const done = lines.sharedWith(stored.done)
  const failed = lines.sharedWith(stored.failures)
  const remaining = check.items - done + (resumed.how.retryErrors ? failed : 0)
  return {...check, resume: {done, failed, remaining}}
}

/**
 * Answers the items of an input, each in its own conversation, and writes a row for each. Returns `undefined` for an
 * input without items and touches nothing then.
 *
 * @throws `invalid_argument` before anything is answered; `runtime_error` and `not_running` if the model is gone or the
 * disk is full. The output then has all rows so far.
 */
export async function answerBatch(request: BatchRequest): Promise<BatchSummary | undefined> {
  const {input: name, prepared, strict, signal} = request
  // Notes about items are shown later, when they are answered.
  const quiet = contextOf(request, () => undefined)
  const checked = name === standardInput ? undefined : await checkInput(name, quiet, request)
  const check = checked?.check
  if (strict && check !== undefined && check.faulty > 0) throw unusable(check)
  checkOutput(request.output, {"the daemon's model": prepared.file})
  await using output = await BatchOutput.open(request.output, request.how)
  using input = openInput(name, request.delimiter)
  const records = await begun(input.records, signal)
  signal.throwIfAborted()
  if (records === undefined) return undefined
  const stored = output.begin({input: check?.input ?? null, settings: settingsOf(request)})
  const toAnswer = checked && checked.check.items - checked.lines.sharedWith(stored.done)
  await using model = await prepared.open()
  return await answerInput(request, {
    ...{output, stored, model, check, ids: checked?.ids, toAnswer},
    input: {...input, records},
  })
}

function unusable({items, faulty, faults}: InputCheck): NnError {
  const first = `${faulty} of ${plural(items, 'item')} ${faulty === 1 ? 'is' : 'are'} not usable, so nothing was started.`
  return new NnError('invalid_argument', [first, ...renderFaults(faults, faulty)].join('\n'))
}
