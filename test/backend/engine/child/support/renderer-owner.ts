import {TemplateRenderer} from '../../../../../src/backend/engine/child/renderer/template-renderer.js'

/** A process with a renderer, for a test that kills it. It says the renderer's id, and when a template runs without end. */
const renderer = new TemplateRenderer()
renderer.start()
process.send?.(renderer.pid)
process.on('message', (template: string) => {
  renderer.prepare({template, bos: '', eos: '', specials: []})
  void renderer.render([{role: 'user', content: 'Hi'}], {}).then(() => {
    void renderer.render([{role: 'user', content: 'loop'}], {})
    // It has begun when the bytes are written; no answer comes.
    setImmediate(() => process.send?.('running'))
  })
})
