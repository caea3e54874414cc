import {register} from 'node:module'

// Preloaded into a command that only talks to the daemon: what the daemon itself needs would cost it its start-up.
const hook = `export function resolve(specifier, context, next) {
  if (/^(fastify|typebox|ajv|pino|yaml|listr2|node-llama-cpp)/.test(specifier)) throw new Error('REFUSED ' + specifier)
  return next(specifier, context)
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
