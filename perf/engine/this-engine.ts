import {settings} from './built.js'
import {compete} from './compete.js'
import {contextSize, type Competitor, type Job} from './job.js'
import {startEngine} from './start-engine.js'

/** This project's engine process, driven over IPC, with text streamed to the host; without queue and sessions. */
async function load(job: Job): Promise<Competitor> {
  const configuration = settings({...job, contextSize: contextSize(job)})
  const {engine, request} = await startEngine(job.model, configuration)
  const generate = async (prompts: readonly string[]): Promise<number> => {
    const results = await Promise.all(prompts.map((text) => engine.generate(request(text), () => undefined).result))
    return results.reduce((sum, {metadata}) => sum + metadata.output_tokens, 0)
  }
  return {pid: engine.pid, generate}
}

compete(load)
