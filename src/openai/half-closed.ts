import type {ServerResponse} from 'node:http'

/** Milliseconds before each probe; the last one repeats. The reset that the first one causes shows at the second. */
const probesMs = [100, 20, 100, 500, 1000]

/**
 * Tells a client that has ended only its side of the connection from one that is gone: both look the same until something is
 * sent, to which the system of a client that is gone replies with a reset. The probe has no meaning: an interim response
 * before the headers, a comment in a stream of events. HTTP/1.0 has no interim responses, so a client that ends its side before
 * an answer begins is taken for gone: else answers for nobody would fill the queue.
 *
 * Returns a function that ends the probing. When the client proves to be gone, the response emits `close`.
 */
export function probeWhenHalfClosed(response: ServerResponse): () => void {
  const {socket, req} = response
  if (socket === null) return () => undefined
  let timer: NodeJS.Timeout | undefined
  const probe = (count: number): void => {
    timer = setTimeout(
      () => {
        if (response.writableEnded || response.destroyed) return
        if (!response.headersSent && req.httpVersion === '1.0') socket.destroy()
        else if (!response.headersSent) response.writeProcessing()
        else if (String(response.getHeader('content-type')).startsWith('text/event-stream')) response.write(': \n\n')
        probe(count + 1)
      },
      probesMs[Math.min(count, probesMs.length - 1)],
    )
  }
  const ended = (): void => probe(0)
  if (socket.readableEnded) ended()
  else socket.once('end', ended)
  return () => {
    clearTimeout(timer)
    socket.off('end', ended)
  }
}
