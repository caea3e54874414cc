import {readFile, stat} from 'node:fs/promises'
import path from 'node:path'
import {systemReason} from '../errors.js'
import type {Frame} from './frame.js'
import {StepFault} from './step-fault.js'
import type {ArgumentsOf} from './model.js'

interface InlineBytes {
  text?: string
  json?: unknown
  base64?: string
  zero_bytes?: number
}

/** The bytes that a step writes out itself. */
export function inlineBytes({text, json, base64, zero_bytes}: InlineBytes): Uint8Array {
  if (text !== undefined) return Buffer.from(text)
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  if (zero_bytes !== undefined) return new Uint8Array(zero_bytes)
  return Buffer.from(JSON.stringify(json))
}

/** The bytes of a model for `load`: from a file or written out, then cut and patched as the step says. */
export async function modelBytes(args: ArgumentsOf<'load'>, frame: Frame): Promise<Uint8Array> {
  const {models} = frame.run.testCase.suite
  const file = args.model === undefined ? args.file && suitePath(frame, args.file) : models[args.model]
  const whole = file === undefined ? inlineBytes(args) : await readBytes(file)
  const bytes = Buffer.from(whole.subarray(0, args.first_bytes ?? whole.length))
  if (args.patch !== undefined) patch(bytes, args.patch)
  return bytes
}

/** @throws `StepFault` for what is not a regular file: a device may have no end, and a pipe no writer. */
async function readBytes(file: string): Promise<Uint8Array> {
  try {
    if (!(await stat(file)).isFile()) throw new StepFault(`${file} is not a regular file.`)
    return await readFile(file)
  } catch (error) {
    if (error instanceof StepFault) throw error
    throw new StepFault(`${file} cannot be read: ${systemReason(error)}.`)
  }
}

/** A path of a step: as the suite file sees it. */
export function suitePath({run}: Frame, given: string): string {
  return path.resolve(path.dirname(run.testCase.suite.file), given)
}

function patch(bytes: Buffer, {after, skip = 0, base64}: NonNullable<ArgumentsOf<'load'>['patch']>): void {
  const found = bytes.indexOf(after)
  if (found === -1) throw new StepFault(`The bytes do not contain ${JSON.stringify(after)}.`)
  Buffer.from(base64, 'base64').copy(bytes, found + Buffer.byteLength(after) + skip)
}
