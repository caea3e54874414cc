import type {NnFunction} from '../../../src/wasm/abi/messages.js'
import {asyncFunctions} from '../../../src/wasm/bridge/suspending.js'
import {GuestHost, type GuestHostOptions} from '../../../src/wasm/host/guest-host.js'
import type {NnBackend} from '../../../src/wasm/host/nn-backend.js'
import {readPreloads} from '../../../src/wasm/host/preloads.js'
import {pageBytes, WebAssembly, type WasmMemory} from '../../../src/wasm/webassembly.js'
import {qwen} from '../../support/fixtures.js'

/** A question in the format of the fixture model. */
export const asked = (question: string): string => `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`

/** Where the helpers put things; tests use addresses above. */
const at = {out: 0, text: 1024, config: 16_384, tensor: 512, dimensions: 544}
/** Where outputs are read into. */
export const buffer = 32_768
const bufferSize = 32_768

/** The functions of the ABI over a memory without a guest. */
export class Bare {
  readonly memory: WasmMemory
  readonly host: GuestHost
  private readonly functions

  constructor(backend: NnBackend, options: GuestHostOptions = {}, memory?: WasmMemory) {
    this.memory = memory ?? new WebAssembly.Memory({initial: 1})
    const preloads = readPreloads([
      `qwen:ggml:cpu:${qwen}`,
      'gone:GGML:AUTO:/no/such/model.gguf',
      `onnx:onnx:cpu:${qwen}`,
    ])
    this.host = new GuestHost(backend, {
      preloads,
      config: {sampling: {temp: 0, repeat_penalty: 1}, model: {threads: 1}},
      ...options,
    })
    this.functions = asyncFunctions(
      (request) => this.host.handle(request),
      () => this.memory,
    )
  }

  call(name: NnFunction, ...args: number[]): Promise<number> {
    return this.functions[name](...args)
  }

  get view(): DataView {
    return new DataView(this.memory.buffer)
  }

  write(address: number, data: string | Uint8Array): number {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    new Uint8Array(this.memory.buffer).set(bytes, address)
    return bytes.length
  }

  read(address: number, length: number): string {
    return Buffer.from(this.memory.buffer, address, length).toString()
  }

  grow(bytes: number): void {
    this.memory.grow(Math.ceil(bytes / pageBytes))
  }

  async loadByName(name = 'qwen', config?: object | string): Promise<{errno: number; handle: number}> {
    const length = this.write(at.text, name)
    if (config === undefined) return this.made(await this.call('load_by_name', at.text, length, at.out))
    const size = this.write(at.config, typeof config === 'string' ? config : JSON.stringify(config))
    return this.made(await this.call('load_by_name_with_config', at.text, length, at.config, size, at.out))
  }

  async init(graph = 0): Promise<{errno: number; handle: number}> {
    return this.made(await this.call('init_execution_context', graph, at.out))
  }

  /** A graph and a context. */
  async open(config: object = {}): Promise<{graph: number; context: number}> {
    const {handle: graph} = await this.loadByName('qwen', config)
    return {graph, context: (await this.init(graph)).handle}
  }

  /** @param tensor what differs from a u8 tensor with the dimensions `[1]` */
  setInput(
    context: number,
    index: number,
    data: string,
    tensor: {type?: number; dimensions?: number[]} = {},
  ): Promise<number> {
    const {type = 3, dimensions = [1]} = tensor
    dimensions.forEach((size, place) => this.view.setUint32(at.dimensions + 4 * place, size, true))
    const length = this.write(at.text, data)
    this.tensor(at.tensor, [at.dimensions, dimensions.length, at.text, length], type)
    return this.call('set_input', context, index, at.tensor)
  }

  /** A tensor at an address. The bytes after its type are not 0, as in some guests. */
  tensor(address: number, [dimensions = 0, count = 0, data = 0, size = 0]: number[], type = 3): void {
    for (const [place, value] of [dimensions, count, 0xab_cd_ef_00 + type, data, size].entries()) {
      this.view.setUint32(address + 4 * place, value, true)
    }
  }

  async output(
    context: number,
    {index = 0, size = bufferSize, single = false}: {index?: number; size?: number; single?: boolean} = {},
  ): Promise<{errno: number; written: number; text: string}> {
    const name = single ? 'get_output_single' : 'get_output'
    this.view.setUint32(at.out, 0xff_ff_ff_ff, true)
    const errno = await this.call(name, context, index, buffer, size, at.out)
    const written = this.view.getUint32(at.out, true)
    return {errno, written, text: errno === 0 ? this.read(buffer, written) : ''}
  }

  async metadata(context: number): Promise<Record<string, unknown>> {
    return JSON.parse((await this.output(context, {index: 1})).text) as Record<string, unknown>
  }

  private made(errno: number): {errno: number; handle: number} {
    return {errno, handle: this.view.getUint32(at.out, true)}
  }
}
