import {textTensor} from '../../../src/backend/contract/tensor.js'
import {RemoteBackend} from '../../../src/rpc/client/remote-backend.js'

// A client that opens a context and a backend of its own, and talks for as long as it lives.
const [socket = ''] = process.argv.slice(2)
const own = await RemoteBackend.init(socket, {config: '{"threads": 1}'})
await own.loadByName('fixtures/models/tiny-qwen2-chat.gguf')
const backend = await RemoteBackend.connect(socket)
const context = await backend.initExecutionContext(0)
const endless = {ignore_eos: true, max_tokens: -1, max_time_ms: 0, timeout_ms: 600_000}
await backend.setInput(context, 1, textTensor(JSON.stringify(endless)))
await backend.setInput(context, 0, textTensor('Tell me a long story.'))
let isTold = false
await backend.compute(context, {
  onText: () => {
    if (!isTold) process.stdout.write('talking\n')
    isTold = true
  },
})
