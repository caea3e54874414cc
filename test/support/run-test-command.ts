import Test from '../../src/commands/test.js'

/** `wnn test` in a process of its own, for what concerns signals and the process's exit. */
await Test.run(process.argv.slice(2), new URL('../..', import.meta.url).pathname)
