import wabt from 'wabt'
import * as assert from 'uvu/assert'
import {limitMemory} from '../../../src/wasm/run/memory-limit.js'
import {pageBytes, WebAssembly, type WasmMemory} from '../../../src/wasm/webassembly.js'
import {suite} from '../../support/suite.js'

const test = suite('memory limit')

async function compiled(text: string): Promise<Uint8Array> {
  const module = (await wabt()).parseWat('guest.wat', text, {threads: true})
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/** How many pages the memory of a limited module can have. */
function mostPages(module: Uint8Array): number {
  const {exports} = new WebAssembly.Instance(new WebAssembly.Module(module), {})
  const memory = exports.memory as WasmMemory
  for (;;) {
    try {
      memory.grow(1)
    } catch {
      return memory.buffer.byteLength / pageBytes
    }
  }
}

test('a memory grows to the limit, or to its own maximum if that is smaller', async () => {
  const cases: [memory: string, limit: number, pages: number][] = [
    ['1', 5, 5],
    ['5', 5, 5],
    ['1 3', 5, 3],
    ['1 200', 130, 130],
    ['0', 5, 5],
    ['1 5 shared', 3, 3],
  ]
  for (const [memory, limit, pages] of cases) {
    const module = await compiled(`(module (memory (export "memory") ${memory}) (func (export "f")))`)
    assert.is(mostPages(limitMemory(module, limit * pageBytes)), pages, memory)
  }
})

test('a module without a memory stays the same', async () => {
  const module = await compiled('(module (func (export "f")))')
  assert.equal(limitMemory(module, pageBytes), module)
})

test('a module that needs more is rejected with both sizes', async () => {
  const module = await compiled('(module (memory 32))')
  assert.throws(() => limitMemory(module, 1024 * 1024), /needs 2 MiB of memory; 1 MiB are allowed/)
})

test('no end of a module is read past', async () => {
  const module = await compiled('(module (memory (export "memory") 1 300) (data (i32.const 0) "text"))')
  for (let length = 8; length < module.length; length++) {
    try {
      limitMemory(module.subarray(0, length), pageBytes)
    } catch (error) {
      assert.match((error as Error).message, /broken number/)
    }
  }
})
