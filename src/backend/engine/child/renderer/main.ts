import {toWire} from '../../../../errors.js'
import {loadJinja} from '../addon.js'
import {compileTemplate, renderChat, type RenderedText, type Renderer} from '../prompt/chat-template.js'
import {SpecialTokens} from '../prompt/special-tokens.js'
import {oversized} from './failures.js'
import type {FromRenderer, RendererSetup, RenderRequest, ToRenderer} from './messages.js'
import {Watch} from './watch.js'

/** The renderer process: it runs the chat template of one model, driven by messages from the engine that started it. */

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

const watch = new Watch()
const jinja = loadJinja()
let setup: RendererSetup | undefined
let specials: SpecialTokens | undefined
let render: Renderer | undefined

async function chat({messages, variables, limits}: RenderRequest): Promise<RenderedText> {
  const [Jinja] = await Promise.all([jinja, watch.ready])
  watch.begin(limits)
  try {
    render ??= compileTemplate(Jinja, setup?.template)
    specials ??= new SpecialTokens(setup?.specials ?? [])
    const {bos = '', eos = ''} = setup ?? {}
    const rendered = renderChat(render, messages, {bos, eos, variables}, specials)
    if (rendered.text.length > limits.characters) throw oversized(rendered.text.length, limits)
    return rendered
  } finally {
    watch.end()
  }
}

async function answer(request: RenderRequest): Promise<void> {
  const {id} = request
  const reply = await chat(request).then(
    (rendered) => ({type: 'rendered' as const, chat: rendered}),
    (error: unknown) => ({type: 'failed' as const, error: toWire(error)}),
  )
  const message: FromRenderer = {...reply, id, memoryBytes: process.memoryUsage.rss()}
  if (process.connected) process.send?.(message)
}

process.on('message', (message: ToRenderer) => {
  if (message.type === 'setup') {
    setup = message.setup
    render = specials = undefined
  } else {
    void answer(message)
  }
})
