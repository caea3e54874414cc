import {readFile, stat} from 'node:fs/promises'
import {setTimeout as delay} from 'node:timers/promises'
import type {StatusType} from '../../backend/contract/status.js'
import {decodeText, plainCopy} from '../../documents/index.js'
import {NnError} from '../../errors.js'
import {suitePath} from '../bytes.js'
import {checkReads} from '../confine.js'
import {checkFields} from '../conditions.js'
import {backendOf, handleOf, probeOf, type Frame, type StepValue} from '../frame.js'
import {StepFault} from '../step-fault.js'
import type {ArgumentsOf} from '../model.js'
import {readAll, readOnce} from '../output.js'
import type {Probe} from '../target.js'

/** How long what a released backend leaves behind may take to go. */
const releaseMs = 3000

export async function getBackendStatus(args: ArgumentsOf<'get_backend_status'>, frame: Frame): Promise<StepValue> {
  // Unknown types are for the backend to refuse.
  const type = args.type as StatusType
  const read = (buffer: Uint8Array): Promise<number> => backendOf(frame).getBackendStatus(type, buffer)
  const {text, bytes} = await (args.buffer_bytes === undefined ? readAll(read) : readOnce(read, args.buffer_bytes))
  return {bytes, text, status: JSON.parse(text) as unknown}
}

/** Polls, because the contract has no events: what happens in the backend may be nobody's call. */
export async function waitFor(args: ArgumentsOf<'wait_for'>, frame: Frame): Promise<StepValue> {
  const {type, status: wanted, timeout_ms: timeoutMs = 10_000, interval_ms: intervalMs = 20} = args
  const end = performance.now() + timeoutMs
  for (;;) {
    const {status} = await getBackendStatus({type}, frame)
    const [mismatch] = checkFields(status, wanted)
    if (mismatch === undefined) return {status}
    if (performance.now() >= end) {
      const place = mismatch.path.join(' ')
      const seen = JSON.stringify(mismatch.actual) as string | undefined
      throw new StepFault(`After ${timeoutMs} ms ${place} is ${seen ?? 'absent'} instead of ${mismatch.expected}.`)
    }
    await delay(intervalMs, undefined, {signal: frame.signal})
  }
}

export async function readFileStep(
  {path, format = 'text'}: ArgumentsOf<'read_file'>,
  frame: Frame,
): Promise<StepValue> {
  const file = suitePath(frame, path)
  checkReads(file, frame)
  const missing = (error: unknown): never => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new NnError('not_found', `There is no file ${file}.`)
  }
  if (!(await stat(file).catch(missing)).isFile()) throw new StepFault(`${file} is not a regular file.`)
  const bytes = await readFile(file).catch(missing)
  const text = decodeText(bytes, file)
  const lines = text.split('\n')
  // The last line of a whole file ends with a line break.
  if (lines.at(-1) === '') lines.pop()
  const value = {text, bytes: bytes.length, lines: lines.length}
  return format === 'text' ? value : {...value, records: lines.map(parseLine)}
}

export async function checkReleased(_args: object, frame: Frame): Promise<StepValue> {
  const remains = await remainsOf(backendOf(frame), probeOf(frame))
  if (remains.length > 0) throw new StepFault(`These remain: ${remains.join(', ')}.`)
  return {}
}

export async function killEngine({graph}: ArgumentsOf<'kill_engine'>, frame: Frame): Promise<StepValue> {
  await probeOf(frame).killEngine(backendOf(frame), handleOf(frame, 'graph', graph))
  return {}
}

/** What a backend left behind, once it has had a moment to go. */
export async function remainsOf(backend: Parameters<Probe['remains']>[0], probe: Probe): Promise<string[]> {
  const end = performance.now() + releaseMs
  for (;;) {
    const remains = await probe.remains(backend)
    if (remains.length === 0 || performance.now() >= end) return remains
    await delay(20)
  }
}

function parseLine(line: string, index: number): Record<string, unknown> {
  let record: Record<string, unknown>
  try {
    record = JSON.parse(line) as Record<string, unknown>
  } catch (error) {
    throw new StepFault(`Line ${index + 1} is not JSON: ${(error as Error).message}`)
  }
  // It is compared and printed.
  const plain = plainCopy(record)
  if ('message' in plain) throw new StepFault(`Line ${index + 1} ${plain.message}.`)
  return record
}
