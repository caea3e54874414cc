import {randomUUID} from 'node:crypto'
import {open, readFile, rename, rm, stat, writeFile} from 'node:fs/promises'
import path from 'node:path'
import type {Config, RuntimeOptions} from '../config/index.js'
import {NnError, systemReason} from '../errors.js'
import {homeFolder} from '../system/home.js'
import {
  createValidator,
  decodeText,
  DocumentError,
  parseText,
  Type,
  validateDocument,
  type ParsedDocument,
  type Static,
} from '../documents/index.js'
import {readOptions} from './options.js'

const message = Type.Object(
  {role: Type.Enum(['user', 'assistant']), content: Type.String()},
  {additionalProperties: false},
)

/** The file that `/save` writes and `/load` reads. */
const savedChat = Type.Object(
  {
    format: Type.Literal('wnn-chat'),
    version: Type.Literal(1),
    model: Type.Optional(Type.String()),
    system: Type.String(),
    options: Type.Unsafe<Record<string, unknown>>({type: 'object'}),
    messages: Type.Array(message),
  },
  {additionalProperties: false},
)
type SavedChat = Static<typeof savedChat>

const validate = createValidator(savedChat)
const savedStart = /^\s*\{\s*"format":\s*"wnn-chat"/
const maxBytes = 32 * 1024 * 1024

export interface ChatState {
  /** Name of the model, only for information. */
  model: string
  options: RuntimeOptions
  messages: readonly SavedChat['messages'][number][]
}

/** Writes a conversation, readable by its owner only. @throws `invalid_argument` rather than overwrite another file. */
export async function saveChat(file: string, {model, options, messages}: ChatState): Promise<string> {
  const target = expandHome(file)
  await refuseOtherFiles(target)
  const {system_prompt: system = '', ...rest} = options
  const saved: SavedChat = {format: 'wnn-chat', version: 1, model, system, options: rest, messages: [...messages]}
  const draft = `${target}.${randomUUID()}`
  try {
    await writeFile(draft, `${JSON.stringify(saved, null, 2)}\n`, {mode: 0o600, flag: 'wx'})
    await rename(draft, target)
  } catch (error) {
    await rm(draft, {force: true})
    throw unusable('cannot be written', file, error)
  }
  return target
}

/** Reads what `saveChat` wrote. @throws `invalid_argument` for a file that is not one, with the place of the mistake. */
export async function loadChat(file: string, config: Config): Promise<Pick<ChatState, 'options' | 'messages'>> {
  const document = parse(await read(file), file)
  const problems = validateDocument(document, validate)
  // Each message may have a mistake; the first ones are enough to fix a file that a program wrote.
  if (problems.length > 0) throw new DocumentError(problems.slice(0, 3))
  const {messages, system, options} = document.value as SavedChat
  return {messages, options: {...readOptions(options, config), ...(system !== '' && {system_prompt: system})}}
}

/** The parser would report each line of other files, so only parse files that were saved here. */
function parse(text: string, file: string): ParsedDocument {
  if (!text.includes('wnn-chat')) throw otherFile(file)
  try {
    const document = parseText(text, {file})
    if ((document.value as Partial<SavedChat> | null)?.format === 'wnn-chat') return document
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    if (savedStart.test(text)) throw new DocumentError(error.problems.slice(0, 1))
  }
  throw otherFile(file)
}

/** Expands `~`, because no shell does it here. @throws `invalid_argument` if this user has no home folder. */
export function expandHome(file: string): string {
  if (!/^~(?:$|\/)/.test(file)) return path.resolve(file)
  const home = homeFolder()
  if (home !== undefined) return path.resolve(home, file.slice(2))
  throw new NnError('invalid_argument', `${file} cannot be found: this user has no home folder.`, {
    hint: 'Set HOME, or write the whole path.',
  })
}

async function read(file: string): Promise<string> {
  const source = expandHome(file)
  try {
    const stats = await stat(source)
    // Reading a pipe would block.
    if (!stats.isFile() || stats.size > maxBytes) throw otherFile(file)
    const bytes = await readFile(source)
    if (bytes.includes(0)) throw otherFile(file)
    return decodeText(bytes, file)
  } catch (error) {
    throw error instanceof NnError ? error : unusable('cannot be read', file, error)
  }
}

function otherFile(file: string): NnError {
  return new NnError('invalid_argument', `${file} is not a saved conversation.`)
}

/** A typo must not overwrite a model or a document. */
async function refuseOtherFiles(file: string): Promise<void> {
  let start: string
  try {
    // Opening a pipe would wait for its other end.
    const found = await stat(file)
    if (!found.isFile() && !found.isDirectory()) throw new NnError('invalid_argument', `${file} is not a regular file.`)
    const handle = await open(file)
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(200), 0).finally(() => handle.close())
    start = buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    if (error instanceof NnError) throw error
    throw unusable('cannot be written', file, error)
  }
  if (savedStart.test(start)) return
  throw new NnError('file_exists', `${file} exists and is not a saved conversation; it was not changed.`)
}

function unusable(what: string, file: string, error: unknown): NnError {
  return new NnError('invalid_argument', `${file} ${what}: ${systemReason(error)}.`, {cause: error})
}
