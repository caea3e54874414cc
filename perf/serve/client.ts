import http from 'node:http'
import {digitPrompts, type Job} from '../engine/job.js'

/** Sends all prompts of a job at the same time, each over a connection of its own, and reads their streams. */
export async function runOverHttp(
  url: string,
  agent: http.Agent,
  job: Job,
  seed: number,
): Promise<{wallMs: number; ttftMs: number[]}> {
  const from = performance.now()
  const ttftMs = await Promise.all(digitPrompts(job, seed).map((prompt) => one(url, agent, job, prompt)))
  return {wallMs: performance.now() - from, ttftMs}
}

/** Milliseconds to the first token. */
function one(url: string, agent: http.Agent, {generateTokens}: Job, prompt: string): Promise<number> {
  const from = performance.now()
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/v1/completions`, {
      ...{agent, method: 'POST', headers: {'content-type': 'application/json'}},
    })
    request.once('error', reject)
    request.once('response', (response) => {
      let first: number | undefined
      let end = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        if (text.startsWith('data:')) first ??= performance.now()
        end = (end + text).slice(-1000)
      })
      response.once('error', reject)
      response.once('end', () => {
        const tokens = Number(/"completion_tokens":(\d+)/.exec(end)?.[1])
        if (tokens === generateTokens) resolve((first ?? performance.now()) - from)
        else reject(new Error(`The stream ended after ${tokens} tokens: ${end}`))
      })
    })
    request.end(JSON.stringify({prompt, stream: true, stream_options: {include_usage: true}, timeout_ms: 3_600_000}))
  })
}
