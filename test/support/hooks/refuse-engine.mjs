import {register} from 'node:module'

// Preloaded into a command that must do without the engine: any import of it fails loudly.
const hook = `export function resolve(specifier, context, next) {
  if (/node-llama-cpp/.test(specifier)) throw new Error('REFUSED ' + specifier)
  return next(specifier, context)
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
