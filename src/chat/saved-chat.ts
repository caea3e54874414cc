import {randomUUID} from 'node:crypto'
import {open, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import path from 'node:path'
import type {Config, RuntimeOptions} from '../backend/config/index.js'
import {NnError} from '../backend/errors.js'
import {createValidator, DocumentError, parseText, Type, validateDocument, type Static} from '../documents/index.js'
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

export interface ChatState {
  /** Name of the model; to know later, nothing depends on it. */
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
  const document = parseText(await read(expandHome(file)), {file})
  const problems = validateDocument(document, validate)
  if (problems.length > 0) throw new DocumentError(problems)
  const {messages, system, options} = document.value as SavedChat
  return {messages, options: {...readOptions(options, config), ...(system !== '' && {system_prompt: system})}}
}

/** `~` is the shell's; here nobody else expands it. */
export function expandHome(file: string): string {
  return path.resolve(file.replace(/^~(?=$|\/)/, homedir()))
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw unusable('cannot be read', file, error)
  }
}

/** A slip of the finger must not cost a model or a document. */
async function refuseOtherFiles(file: string): Promise<void> {
  let start: string
  try {
    const handle = await open(file)
    const {buffer, bytesRead} = await handle.read(Buffer.alloc(200), 0).finally(() => handle.close())
    start = buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw unusable('cannot be written', file, error)
  }
  if (/^\s*\{\s*"format":\s*"wnn-chat"/.test(start)) return
  throw new NnError('invalid_argument', `${file} exists and is no saved conversation; it stays as it is.`)
}

function unusable(what: string, file: string, error: unknown): NnError {
  return new NnError('invalid_argument', `${file} ${what}: ${(error as Error).message}`, {cause: error})
}
