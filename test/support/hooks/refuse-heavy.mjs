import {register} from 'node:module'

// Preloaded into a command that only talks to the daemon: what the daemon itself needs would cost it its start-up.
// REFUSED_FILES has the files of the build, one a line, in which such packages are.
const hook = `const files = ${JSON.stringify(process.env.REFUSED_FILES.split('\n'))}
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  if (files.some((file) => resolved.url.endsWith('/' + file))) throw new Error('REFUSED ' + specifier)
  return resolved
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
