import {readOutput} from '../../backend/contract/read-output.js'
import {NnError, toNnError} from '../../errors.js'
import type {GuestContext, Kept, OutputName} from './guest-objects.js'
import type {NnBackend} from './nn-backend.js'

/** An output of a context, from the backend or, after its graph was unloaded, from what was kept. */
export async function readGuestOutput(backend: NnBackend, context: GuestContext, name: OutputName): Promise<Buffer> {
  if (context.kept === undefined) return readLive(backend, context, name)
  const kept = context.kept[name]
  if (kept instanceof NnError) throw kept
  return kept
}

/** All outputs, before the backend closes the context. */
export async function keepOutputs(backend: NnBackend, context: GuestContext): Promise<Kept> {
  const read = async (name: OutputName): Promise<Buffer | NnError> => {
    try {
      return await readLive(backend, context, name)
    } catch (error) {
      return toNnError(error)
    }
  }
  const [text, metadata, step, stepMetadata] = await Promise.all(
    (['answer-text', 'answer-metadata', 'step-text', 'step-metadata'] as const).map(read),
  )
  const none = Buffer.alloc(0)
  return {
    'answer-text': text ?? none,
    'answer-metadata': metadata ?? none,
    'step-text': step ?? none,
    'step-metadata': stepMetadata ?? none,
  }
}

async function readLive(backend: NnBackend, context: GuestContext, name: OutputName): Promise<Buffer> {
  const {id, embedding} = context
  const isStep = name.startsWith('step-')
  const index = name.endsWith('-metadata') ? 1 : 0
  if (!isStep && index === 0 && embedding !== undefined) return Buffer.from(embedding.text)
  const output = isStep
    ? await readOutput({getOutput: (of, which, buffer) => backend.getOutputSingle(of, which, buffer)}, id, index)
    : await readOutput(backend, id, index)
  return Buffer.from(index === 0 ? output : guestMetadata(output, embedding?.tokens))
}

/** The metadata with the names that WasmEdge's guests read. */
function guestMetadata(text: string, embeddedTokens: number | undefined): string {
  if (text === '') return text
  const metadata = JSON.parse(text) as Record<string, unknown>
  const {input_tokens: counted, output_tokens: generated, llama_build: build, ...others} = metadata
  return JSON.stringify({
    input_tokens: embeddedTokens ?? counted,
    output_tokens: generated,
    llama_build_number: buildNumber(String(build)),
    llama_build: build,
    ...others,
  })
}

/** llama.cpp's build number. Releases such as `v0.5.0` have none; llama.cpp itself then reports 0. */
function buildNumber(build: string): number {
  return Number(/^b(\d+)$/.exec(build)?.[1] ?? 0)
}
