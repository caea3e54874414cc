import {rmSync} from 'node:fs'
import path from 'node:path'
import {addonLogLevels, loadAddon} from './addon.js'
import {toWire} from '../../../errors.js'
import {Engine} from './engine.js'
import {EngineLog} from './engine-log.js'
import {needsTemplate} from './renderer/check-template.js'
import {TemplateRenderer} from './renderer/template-renderer.js'
import type {EngineEvent, EngineOptions, EngineRequest} from '../protocol.js'
import {WorkNoter} from './work-noter.js'

/** The engine process: one model, driven by messages from the host that started it. */

/** Saved caches that are removed when the process ends. */
let cacheFolder: string | undefined

// Without a host there is nobody to answer or to clean up, so exit at once, even during native code.
process.on('disconnect', () => {
  try {
    if (cacheFolder !== undefined) rmSync(cacheFolder, {recursive: true, force: true, maxRetries: 3})
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
})

const send = (event: EngineEvent): void => {
  // A host that is gone cannot receive it; the disconnect ends this process.
  if (process.connected) process.send?.(event)
}

let engine: Engine | undefined

/** The host says where the file for the note is, if there is one. */
function noteDescriptor(): number | undefined {
  const [, , , descriptor] = process.argv
  return descriptor === undefined ? undefined : Number(descriptor)
}

async function start(options: EngineOptions): Promise<void> {
  // Remove the folder of the whole backend: it also has caches of models without an engine, and nothing else removes
  // them.
  cacheFolder = options.store?.durable === false ? path.dirname(options.store.folder) : undefined
  const templates = new TemplateRenderer()
  // It starts while the model loads.
  if (needsTemplate(options)) templates.start()
  try {
    const loaded = await loadAddon(options.model.n_gpu_layers !== 0)
    const log = new EngineLog(options.logLevel, (level, message) => send({type: 'log', level, message}))
    loaded.addon.setLogger((level, text) => log.add(level, text))
    loaded.addon.setLoggerLogLevel(options.logLevel === 'debug' ? addonLogLevels.debug : addonLogLevels.info)
    engine = await Engine.load(loaded, options, log, send, {note: WorkNoter.into(noteDescriptor()), templates})
    send({type: 'ready', info: engine.info})
  } catch (error) {
    templates.end()
    send({type: 'fatal', error: toWire(error)})
  }
}

function handle(request: EngineRequest): void {
  switch (request.type) {
    case 'start':
      void start(request.options)
      break
    case 'generate':
      engine?.generate(request.id, request.request)
      break
    case 'advance':
      engine?.advance(request.id)
      break
    case 'abort':
      engine?.abort(request.id)
      break
    case 'text':
      engine?.tell(request.id, request.question, request.args)
      break
    case 'embed':
      engine?.embed(request.id, request.text)
      break
    case 'slots':
      engine?.reportSlots(request.id)
      break
    case 'drop':
      engine?.drop(request.cache)
      break
    case 'save':
      engine?.saveAll(request.id)
      break
    case 'forget':
      engine?.forget(request.session)
      break
    case 'adopt':
      engine?.adopt(request.id)
      break
    case 'ping':
      send({type: 'alive', decodingMs: engine?.decodingMs ?? 0})
      break
  }
}

process.on('message', handle)
