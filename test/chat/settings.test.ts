import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {parseConfig} from '../../src/config/index.js'
import {readSettings} from '../../src/chat/settings.js'
import {rejects} from '../support/rejects.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('settings of a chat')

test('a chat keeps its conversation and has no time limits', () => {
  const {config, options} = readSettings({})
  assert.is(config.backend.default_task_timeout_ms, 0)
  assert.is(config.stopping.max_time_ms, 0)
  assert.is(config.backend.auto_cleanup, false)
  assert.is(config.backend.max_sessions, 10_000)
  assert.is(config.model.parallel, 1)
  assert.equal(options, {})
})

test('a configuration file holds over the defaults, flags over both', (t) => {
  const file = configFile(t, 'default_task_timeout_ms: 5000\nmax_time_ms: 700\nctx_size: 512\ntemp: 0.1\n')
  const {config, options} = readSettings({
    ...{config: file, 'ctx-size': 1024, 'gpu-layers': 'max', threads: 1},
    ...{temp: 0, 'top-p': 0.5, stop: ['a', 'b'], system: 'Be brief.'},
  })
  assert.equal([config.backend.default_task_timeout_ms, config.stopping.max_time_ms], [5000, 700])
  assert.equal([config.model.ctx_size, config.model.n_gpu_layers, config.model.threads], [1024, 'max', 1])
  assert.is(config.sampling.temp, 0.1)
  assert.equal(options, {temp: 0, top_p: 0.5, stop: ['a', 'b'], system_prompt: 'Be brief.'})
})

test('--set holds over the file, the last one of a key over the others, and other flags over it', async (t) => {
  const file = configFile(t, 'ctx_size: 512\ntemp: 0.1\nsampling: {top_k: 5}\n')
  const set = ['temp=0.2', 'sampling.temp=0.3', 'ctx_size=700', 'threads=2']
  const {config} = readSettings({config: file, set, threads: 1})
  assert.equal([config.sampling.temp, config.sampling.top_k, config.model.ctx_size], [0.3, 5, 700])
  assert.is(config.model.threads, 1)
  assert.is(readSettings({set: ['max_sessions=3']}).config.backend.max_sessions, 3)
  assert.is(readSettings({set: ['prompt_mode=raw']}).config.model.prompt_mode, 'raw')
  const reading = (...pairs: string[]): Promise<unknown> => Promise.resolve().then(() => readSettings({set: pairs}))
  await rejects(reading('temp'), 'invalid_argument', /^--set takes key=value; got temp\.$/)
  await rejects(reading('tmep=1'), 'invalid_argument', /tmep: unknown key/)
  await rejects(reading('temp=hot'), 'invalid_argument', /temp/)
})

test('raw prompts go without --system', async (t) => {
  const reading = (flags: Parameters<typeof readSettings>[0]): Promise<unknown> =>
    Promise.resolve().then(() => readSettings(flags))
  assert.equal(readSettings({raw: true}).options, {prompt_mode: 'raw'})
  const file = configFile(t, 'prompt_mode: raw\n')
  for (const flags of [{raw: true}, {config: file}]) {
    await rejects(reading({...flags, system: 'x'}), 'invalid_argument', /^Raw prompts have no system prompt\.$/)
  }
})

test('the configuration in force is one that the backend takes', (t) => {
  const file = configFile(t, 'queue_size: 7\ngrammar: root ::= "x"\nflash_attention: off\nn_gpu_layers: -1\n')
  const {config} = readSettings({config: file, 'gpu-layers': '3'})
  const parsed = parseConfig(JSON.stringify(config), {strict: true})
  assert.equal([parsed.config, parsed.warnings], [config, []])
})

test('mistakes are refused', async (t) => {
  const file = configFile(t, 'ctx_size: 512\ntmep: 1\n')
  const reading = (flags: Parameters<typeof readSettings>[0]): Promise<unknown> =>
    Promise.resolve().then(() => readSettings(flags))
  await rejects(reading({config: file}), 'invalid_argument', /:2:1 tmep: unknown key/)
  await rejects(
    reading({config: '/nowhere.yaml'}),
    'invalid_argument',
    /cannot be read: there is no such file or folder$/,
  )
  await rejects(reading({temp: 1000}), 'invalid_argument', /^temp: must be/)
  await rejects(reading({'gpu-layers': 'lots'}), 'invalid_argument', /^n_gpu_layers: must be/)
})

test('a key that is given twice is worth a word', (t) => {
  const {warnings} = readSettings({config: configFile(t, 'temp: 1\nsampling: {temp: 0}\n')})
  assert.is(warnings.length, 1)
  assert.match(warnings[0] ?? '', /is ignored, because sampling.temp is the same setting/)
})

function configFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'wnn-settings-'))
  t.after(() => rmSync(folder, {recursive: true}))
  const file = path.join(folder, 'config.yaml')
  writeFileSync(file, text)
  return file
}
