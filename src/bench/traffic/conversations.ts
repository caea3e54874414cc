import type {ChatMessage} from '../target.js'
import type {Recorder} from './recorder.js'
import type {Source} from './source.js'
import type {Conversations} from './traffic.js'
import type {WindowEdges} from './loops.js'

interface Conversation {
  history: ChatMessage[]
  session: string | undefined
  /** A turn of it is running. */
  busy: boolean
  failed: Error | undefined
}

/**
 * First turns of all conversations in random order, then all second turns, and so on: with more conversations than slots,
 * each comes back after others had its slot. The whole run is measured.
 */
export async function conversations(
  {clients, conversations: count, turns, systemTokens, sessions}: Conversations,
  recorder: Recorder,
  source: Source,
  edges: WindowEdges,
) {
  const system: ChatMessage[] = systemTokens === 0 ? [] : [{role: 'system', content: source.text(systemTokens)}]
  const run = hash(source.text(16))
  const all = Array.from({length: count}, (_, index): Conversation => ({
    history: [...system],
    session: sessions ? `${run}-${index}` : undefined,
    busy: false,
    failed: undefined,
  }))
  const queue = Array.from({length: turns}, () => source.shuffled(all)).flat()
  const client = async (): Promise<void> => {
    for (;;) {
      // A turn needs the answer before it.
      await recorder.until(() => queue.length === 0 || queue.some(({busy}) => !busy))
      const index = queue.findIndex(({busy}) => !busy)
      const [conversation] = index === -1 ? [] : queue.splice(index, 1)
      if (conversation !== undefined) await turn(conversation, recorder, source)
      else if (queue.length === 0) return
    }
  }
  edges.open()
  await Promise.all(Array.from({length: clients}, client))
  edges.close()
}

async function turn(conversation: Conversation, recorder: Recorder, source: Source): Promise<void> {
  const {history, session, failed} = conversation
  const request = {...source.next(), history: [...history], ...(session !== undefined && {session})}
  if (failed !== undefined) {
    recorder.fail(request, new Error(`An earlier turn failed: ${failed.message}`))
    return
  }
  conversation.busy = true
  const {outcome, text} = await recorder.send(request)
  conversation.busy = false
  if (outcome.kind === 'failed') conversation.failed = outcome.error
  history.push({role: 'user', content: request.prompt}, {role: 'assistant', content: text})
}

/** FNV-1a: names sessions apart between runs. */
function hash(text: string): string {
  let value = 0x811c_9dc5
  for (const letter of text) value = Math.imul(value ^ (letter.codePointAt(0) ?? 0), 0x0100_0193) >>> 0
  return value.toString(16)
}
