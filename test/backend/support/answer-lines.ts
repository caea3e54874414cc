import {createInterface} from 'node:readline'
import {ask, openBackend} from '../../support/fixtures.js'

/** Keeps histories in the folder that it is given, and answers each line of its input with one; `/status` with that. */
const {backend, graph} = await openBackend({threads: 1}, {stateDir: process.argv[2] ?? ''})
const context = await backend.initExecutionContextWithSessionId(graph, 'chat')
console.log('ready')
for await (const line of createInterface({input: process.stdin})) {
  if (line === '/status') console.log(JSON.stringify(await backend.status('sessions')))
  else console.log((await ask({backend, context}, line)).text)
}
await backend.deinit()
