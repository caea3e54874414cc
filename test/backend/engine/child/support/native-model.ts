import {loadAddon} from '../../../../../src/backend/engine/child/addon.js'
import type {Addon, AddonModel} from '../../../../../src/backend/engine/child/addon-types.js'
import {EngineModel} from '../../../../../src/backend/engine/child/model.js'
import {compileTemplate, renderChat} from '../../../../../src/backend/engine/child/prompt/chat-template.js'
import {readGgufHeader} from '../../../../../src/backend/gguf/header.js'

/** A model of llama.cpp in this process, for what needs no context. */
export interface NativeModel extends AsyncDisposable {
  addon: Addon
  native: AddonModel
  /** The model with this chat template, or with the file's own. */
  withTemplate: (template?: string) => EngineModel
}

export async function nativeModel(file: string): Promise<NativeModel> {
  const {addon} = await loadAddon(false)
  addon.setLogger(() => undefined)
  const native = new addon.AddonModel(file, {addonExports: addon, gpuLayers: 0, useMmap: true, useMlock: false})
  await native.init()
  const {chatTemplate, vocabularySize} = await readGgufHeader(file)
  return {
    ...{addon, native},
    withTemplate: (template) => modelWith(addon, native, vocabularySize, template ?? chatTemplate),
    [Symbol.asyncDispose]: () => native.dispose(),
  }
}

/** A model whose templates run in this process: those of tests are harmless. */
function modelWith(addon: Addon, native: AddonModel, size: number, template: string | undefined): EngineModel {
  const model: EngineModel = new EngineModel(native, size, (messages, variables) =>
    Promise.resolve().then(() => {
      const render = compileTemplate(addon.AddonJinjaRenderer, template)
      return renderChat(render, messages, {...model.edges, variables}, model.specials)
    }),
  )
  return model
}
