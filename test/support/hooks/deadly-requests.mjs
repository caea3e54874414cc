import fs from 'node:fs'
import {syncBuiltinESMExports} from 'node:module'

// Preloaded into engines: what a request says ends their process as llama.cpp would.
//   CRASH WHILE READING, HANG WHILE READING, CRASH WHILE COMPUTING (as soon as a decode with it begins),
//   CRASH WITH 8 (as soon as one begins with 8 requests, of which this is one); a model whose path has "aborting" is not loaded.
const marked = new Map()

function read(message, handle) {
  if (message.type === 'start' && message.options.modelPath.includes('aborting')) process.abort()
  const text = JSON.stringify(message.request?.prompt ?? message.text ?? message.args ?? '')
  const [, crowd] = /CRASH WITH (\d+)/.exec(text) ?? []
  if (text.includes('CRASH WHILE COMPUTING')) marked.set(message.id, 1)
  if (crowd !== undefined) marked.set(message.id, Number(crowd))
  handle(message)
  if (text.includes('CRASH WHILE READING')) process.abort()
  if (text.includes('HANG WHILE READING')) for (;;);
}

if (process.argv.includes('wnn-engine')) {
  const on = process.on.bind(process)
  process.on = (event, handle) => on(event, event === 'message' ? (message) => read(message, handle) : handle)
  const {writeSync} = fs
  // The engine notes what it computes before it does.
  fs.writeSync = (descriptor, bytes, ...rest) => {
    const written = writeSync(descriptor, bytes, ...rest)
    if (descriptor !== 4 || marked.size === 0) return written
    const [computes, reading, running, ...ids] = new Uint32Array(bytes.slice().buffer)
    const computed = ids.slice(reading, reading + running)
    if (computes === 1 && computed.some((id) => running >= (marked.get(id) ?? Infinity))) process.abort()
    return written
  }
  syncBuiltinESMExports()
}
