import {NnError} from '../backend/errors.js'
import {answerInput} from './answer-input.js'
import {contextOf, type BatchRequest, type CheckRequest} from './batch-request.js'
import {checkInput} from './check-input.js'
import {standardInput} from './input/open-input.js'
import {BatchOutput} from './output/batch-output.js'
import {checkOutput} from './output/check-output.js'
import {renderFaults, type BatchSummary, type InputCheck} from './summary.js'

/** Checks an input and answers nothing. @throws `invalid_argument` for one that cannot be read. */
export function checkBatch(request: CheckRequest): Promise<InputCheck> {
  const {input, messages} = request
  return checkInput(
    input,
    contextOf(request, (text) => messages.write(`${text}\n`)),
    request,
  )
}

/**
 * Answers the items of an input, each in a conversation of its own, and writes a row for each.
 *
 * @throws `invalid_argument` before anything is answered; `runtime_error` and `not_running` when there is no model or no
 * room any more: what was done until then is in the output.
 */
export async function answerBatch(request: BatchRequest): Promise<BatchSummary> {
  const {input, prepared, strict, template, deterministic = null} = request
  checkOutput(request.output, {"the daemon's model": prepared.file})
  await using output = await BatchOutput.open(request.output, request.how)
  // What is worth telling about items is told when they are answered.
  const quiet = contextOf(request, () => undefined)
  const checked = input === standardInput ? undefined : await checkInput(input, quiet, request)
  if (strict && checked !== undefined && checked.faulty > 0) throw unusable(checked)
  const settings = {...prepared.settings, template: template?.sha256 ?? null, deterministic}
  const stored = output.begin({input: checked?.input ?? null, settings})
  await using model = await prepared.open()
  return await answerInput(request, {output, stored, model, checked})
}

function unusable({items, faulty, faults}: InputCheck): NnError {
  const first = `${faulty} of ${items} items are not usable; nothing was started.`
  return new NnError('invalid_argument', [first, ...renderFaults(faults, faulty)].join('\n'))
}
