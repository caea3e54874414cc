import {availableParallelism} from 'node:os'
import {fileURLToPath} from 'node:url'
import {initBackend, readMetadata, textTensor} from '../src/index.js'

/**
 * Generation on this machine by the number of threads, A/B/A/B in one run:
 * `node --import tsx perf/threads.ts [model.gguf]`. Prints tokens per second of one sequence and of four together.
 */
const model = process.argv[2] ?? fileURLToPath(new URL('../fixtures/models/tiny-qwen2-chat.gguf', import.meta.url))
const cores = availableParallelism()
const tokens = 200

for (const threads of [Math.max(1, cores - 1), cores, Math.max(1, cores - 1), cores]) {
  await using backend = await initBackend({
    config: JSON.stringify({threads, temp: 0, ignore_eos: true, max_tokens: tokens, max_time_ms: 0, parallel: 4}),
  })
  const graph = await backend.loadByName(model)
  const generate = async (): Promise<number> => {
    const context = await backend.initExecutionContext(graph)
    await backend.setInput(context, 0, textTensor('Tell me a long story.'))
    await backend.compute(context)
    const {predict_ms} = await readMetadata(backend, context)
    await backend.closeExecutionContext(context)
    return predict_ms
  }
  const alone = (tokens * 1000) / (await generate())
  const startedAt = performance.now()
  await Promise.all([generate(), generate(), generate(), generate()])
  const together = (4 * tokens * 1000) / (performance.now() - startedAt)
  console.log(
    `${threads} of ${cores} cores: ${alone.toFixed(0)} tokens/s alone, ${together.toFixed(0)} tokens/s for four`,
  )
}
