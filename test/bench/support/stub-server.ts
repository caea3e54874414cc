import http from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import type {TestContext} from '../../support/suite.js'

/** What a stub answers to one completion: events of the stream, or an error. */
export type Reply = {events: (object | string)[]} | {status: number; body: object}

export interface StubRequest {
  path: string
  prompt: string
  messages?: {role: string; content: string}[]
  session_id?: string
  max_tokens: number
  ignore_eos?: boolean
  authorization: string | undefined
}

export interface Stub {
  url: string
  requests: StubRequest[]
  /** Closes the connection instead of answering when a request comes over one that was used before. */
  closeNextKept: () => void
  /** Closes the connection of each request. */
  closeAll: () => void
}

/** A server with OpenAI's routes whose answers are written by the test. */
export async function stubServer(
  t: TestContext,
  answer: (request: StubRequest) => Reply,
  models: readonly string[] = ['stub'],
): Promise<Stub> {
  const requests: StubRequest[] = []
  const used = new WeakSet<Socket>()
  let closing: 'none' | 'next kept' | 'all' = 'none'
  const server = http.createServer((incoming, response) => {
    const {socket} = incoming
    if (closing === 'all' || (closing === 'next kept' && used.has(socket))) {
      if (closing === 'next kept') closing = 'none'
      socket.destroy()
      return
    }
    used.add(socket)
    if (incoming.url === '/v1/models') {
      response.end(JSON.stringify({data: models.map((id) => ({id}))}))
      return
    }
    let body = ''
    incoming.on('data', (data: Buffer) => (body += data.toString()))
    incoming.on('end', () => {
      const request = {
        ...(JSON.parse(body) as StubRequest),
        path: incoming.url ?? '',
        authorization: incoming.headers.authorization,
      }
      requests.push(request)
      const reply = answer(request)
      if ('status' in reply) {
        response.writeHead(reply.status).end(JSON.stringify(reply.body))
        return
      }
      response.writeHead(200, {'content-type': 'text/event-stream'})
      for (const event of reply.events) {
        response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      }
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    closeNextKept: () => void (closing = 'next kept'),
    closeAll: () => void (closing = 'all'),
  }
}

export const piece = (text: string, finish: string | null = null): object => ({
  choices: [{text, finish_reason: finish}],
})

/** An answer as servers give it: a piece a token, the end, the counts. The prompt's words are its tokens. */
export function wholeAnswer({prompt, max_tokens: tokens}: StubRequest): Reply {
  const usage = {prompt_tokens: prompt.split(' ').length, completion_tokens: tokens}
  const pieces = Array.from({length: tokens}, () => piece(' a'))
  return {events: [...pieces, piece('', 'length'), {choices: [], usage}, '[DONE]']}
}
