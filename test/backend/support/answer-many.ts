import {ask, openBackend} from '../../support/fixtures.js'

/** Talks in several sessions at once until it is killed, and says after each answer how many turns its session has. */
const {backend, graph} = await openBackend({threads: 1, parallel: 4, ctx_size: 256}, {stateDir: process.argv[2] ?? ''})
await Promise.all(
  ['a', 'b', 'c', 'd'].map(async (id) => {
    const context = await backend.initExecutionContextWithSessionId(graph, id)
    for (let turns = 1; ; turns++) {
      await ask({backend, context}, 'Hello!', {max_tokens: 2})
      console.log(`${id} ${turns}`)
    }
  }),
)
