import {createValidator, Type, type Static} from '../../documents/index.js'
import {NnError} from '../../errors.js'

/** The first line of the file. */
const header = Type.Object({
  format: Type.Literal('wnn-histories'),
  version: Type.Integer(),
  /** The highest number in a generated session id, so that ids are not reused. */
  names: Type.Optional(Type.Integer({minimum: 0})),
})
type Header = Static<typeof header>

const session = Type.String({minLength: 1})
/** Milliseconds since 1970, because this clock continues after a restart. */
const at = Type.Number()
const message = Type.Object(
  {
    role: Type.Enum(['user', 'assistant']),
    content: Type.String(),
    /** The generated tokens in base64 (32 bits each, little-endian), and the identity of the model's file. */
    generated: Type.Optional(Type.Object({model: Type.String(), tokens: Type.String()}, {additionalProperties: false})),
  },
  {additionalProperties: false},
)

/** The session keeps its first `keep` messages, followed by these. */
const history = Type.Object(
  {type: Type.Literal('history'), session, at, keep: Type.Integer({minimum: 0}), messages: Type.Array(message)},
  {additionalProperties: false},
)
const removed = Type.Object({type: Type.Literal('removed'), session, at}, {additionalProperties: false})

export type HistoryRecord = Static<typeof history> | Static<typeof removed>

/** A message with its generated tokens. Tokenizing its text again might give other tokens, which are in no cache. */
export interface RecordedMessage {
  role: 'user' | 'assistant'
  content: string
  generated?: {model: string; tokens: Uint32Array}
}

/** A session as the file has it. */
export interface RecordedSession {
  id: string
  messages: RecordedMessage[]
  /** When its history changed last, in milliseconds since 1970. */
  at: number
}

const version = 1
const newline = 10
const isHeader = createValidator(header)
const isRecord = createValidator(Type.Union([history, removed]))
const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

export interface Replayed {
  sessions: Map<string, RecordedSession>
  names: number
  /** End of the last complete line; the rest was not written completely. */
  wholeBytes: number
}

/**
 * Replays the records of a file. Text after the last newline is ignored, because it was not written completely.
 *
 * @throws `invalid_argument`, with file and line, for another file, a newer version and a damaged line.
 */
export function replay(bytes: Uint8Array, file: string): Replayed {
  const sessions = new Map<string, RecordedSession>()
  let names = 0
  let start = 0
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(newline, start)
    if (end === -1 && line === 1) throw otherFile(file)
    if (end === -1) return {sessions, names, wholeBytes: start}
    const value = parse(bytes.subarray(start, end))
    const fault = (what: string): NnError => damaged(`${file}:${line}`, what)
    if (line === 1) names = readHeader(value, file).names ?? 0
    else {
      if (!isRecord(value)) throw fault('is damaged')
      const record = value as HistoryRecord
      apply(sessions, record, fault)
      names = Math.max(names, numberOf(record.session))
    }
    start = end + 1
  }
}

/** The number in a generated session id; 0 for other ids. */
export function numberOf(id: string): number {
  return Number(/^session-(\d{1,15})$/.exec(id)?.[1] ?? 0)
}

export function headerLine(names: number): string {
  return toLine({format: 'wnn-histories', version, names} satisfies Header)
}

export function recordLine(record: HistoryRecord): string {
  return toLine(record)
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`
}

function apply(sessions: Map<string, RecordedSession>, record: HistoryRecord, fault: (what: string) => NnError): void {
  const {session: id, at: time} = record
  const messages = sessions.get(id)?.messages ?? []
  sessions.delete(id)
  if (record.type === 'removed') return
  const {keep} = record
  if (keep > messages.length) {
    throw fault(
      `keeps ${keep} messages of session ${JSON.stringify(id)}, which has only ${messages.length}: a record is missing`,
    )
  }
  messages.splice(keep)
  for (const message of record.messages) messages.push(fromRecord(message))
  // At the end, so that the order is that of the last changes.
  sessions.set(id, {id, at: time, messages})
}

/** A message as a record has it. */
export function toRecord({role, content, generated}: RecordedMessage): Static<typeof message> {
  if (generated === undefined) return {role, content}
  const {buffer, byteOffset, byteLength} = generated.tokens
  const tokens = Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  return {role, content, generated: {model: generated.model, tokens}}
}

function fromRecord({role, content, generated}: Static<typeof message>): RecordedMessage {
  const bytes = Uint8Array.from(Buffer.from(generated?.tokens ?? '', 'base64'))
  if (generated === undefined || bytes.length % Uint32Array.BYTES_PER_ELEMENT !== 0) return {role, content}
  return {role, content, generated: {model: generated.model, tokens: new Uint32Array(bytes.buffer)}}
}

function readHeader(value: unknown, file: string): Header {
  if (!isHeader(value)) throw otherFile(file)
  const found = value as Header
  if (found.version === version) return found
  throw new NnError(
    'invalid_argument',
    `${file}:1 has version ${found.version}; this program reads version ${version}.`,
    {
      hint: 'Use the version that wrote it, or another folder.',
    },
  )
}

/** `undefined` if it is not JSON. */
function parse(line: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(line))
  } catch (error) {
    // The decoder throws a TypeError for bytes that are not UTF-8.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function otherFile(file: string): NnError {
  return new NnError('file_exists', `${file} exists and is not a file of histories; it was not changed.`)
}

function damaged(place: string, what: string): NnError {
  return new NnError('invalid_argument', `${place} ${what}. No history was read, and the file was not changed.`, {
    hint: 'Move the file away to start without histories, or fix it: docs/reference/sessions.md describes its format.',
  })
}
