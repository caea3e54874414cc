import type * as Library from '../../src/index.js'
import {importBuilt, settings} from './built.js'
import {compete} from './compete.js'
import {contextSize, type Competitor, type Job} from './job.js'

/** The whole library: contexts, sessions, queue and engine process, with streaming. */
async function load(job: Job): Promise<Competitor> {
  const {initBackend, textTensor, readMetadata} = await importBuilt<typeof Library>('index.js')
  const backend = await initBackend({config: settings({...job, contextSize: contextSize(job)})})
  const graph = await backend.loadByName(job.model)
  const {graphs} = await backend.status('memory')
  const pid = graphs[0]?.engine_pid
  if (pid == null) throw new Error('The memory status has no engine process.')

  const one = async (prompt: string): Promise<number> => {
    const context = await backend.initExecutionContext(graph)
    await backend.setInput(context, 0, textTensor(prompt))
    await backend.compute(context, {onText: () => undefined})
    const {output_tokens} = await readMetadata(backend, context)
    await backend.closeExecutionContext(context)
    return output_tokens
  }
  const generate = async (prompts: readonly string[]): Promise<number> => {
    const counts = await Promise.all(prompts.map(one))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  return {pid, generate}
}

compete(load)
