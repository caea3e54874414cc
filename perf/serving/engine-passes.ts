import http from 'node:http'
import {text as readAll} from 'node:stream/consumers'

export interface EnginePasses {
  passes: number
  steps: number
}

/** The engine's counters from `/metrics`; `undefined` if the server has none. */
export async function enginePasses(url: string, signal: AbortSignal): Promise<EnginePasses | undefined> {
  const {ok, text} = await get(`${url}/metrics`, signal)
  if (!ok) return undefined
  const [passes, steps] = [total(text, 'wnn_engine_passes_total'), total(text, 'wnn_engine_steps_total')]
  return passes === undefined || steps === undefined ? undefined : {passes, steps}
}

/** On a connection of its own: a server may close a kept one at the moment in which it is used again. */
function get(url: string, signal: AbortSignal): Promise<{ok: boolean; text: string}> {
  return new Promise((resolve, reject) => {
    http
      .get(url, {agent: false, signal}, (response) => {
        readAll(response).then((text) => resolve({ok: response.statusCode === 200, text}), reject)
      })
      .on('error', reject)
  })
}

/** The sum over all labels. */
function total(text: string, name: string): number | undefined {
  const values = text.split('\n').flatMap((line) => {
    const [, labels, value] = /^(\w+)(?:\{[^}]*\})? (\S+)/.exec(line) ?? []
    return labels === name ? [Number(value)] : []
  })
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}
