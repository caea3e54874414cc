import type {FastifyReply} from 'fastify'
import {ApiError} from './api-error.js'
import {probeWhenHalfClosed} from './half-closed.js'
import type {Serving} from './serving.js'

/** The signal of a request: aborted, with an `ApiError`, when the client disconnects or the server closes. */
export interface ClientSignal extends Disposable {
  readonly signal: AbortSignal
  end: (why: ApiError) => void
}

export function clientSignal({raw}: FastifyReply, {inFlight, log}: Serving): ClientSignal {
  const controller = new AbortController()
  const gone = (): void => {
    if (raw.writableFinished || controller.signal.aborted) return
    log('info', 'client disconnected', {})
    controller.abort(new ApiError(499, 'server_error', 'client_gone', 'The client closed the connection.'))
  }
  raw.once('close', gone)
  const stopProbing = probeWhenHalfClosed(raw)
  inFlight.add(controller, raw)
  return {
    signal: controller.signal,
    end: (why) => controller.abort(why),
    [Symbol.dispose]: () => {
      raw.off('close', gone)
      stopProbing()
    },
  }
}
