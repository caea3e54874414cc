import {execFileSync} from 'node:child_process'
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import {stripVTControlCharacters} from 'node:util'
import * as assert from 'uvu/assert'
import {configFromObject} from '../../../src/config/index.js'
import {NnError} from '../../../src/errors.js'
import {textTensor} from '../../../src/index.js'
import {createLogger, type LogLevel} from '../../../src/backend/logging/logger.js'
import {temporaryFolder} from '../../support/crafted-gguf.js'
import {ask, openBackend} from '../../support/fixtures.js'
import {suite} from '../../support/suite.js'

const test = suite('logger', {timeoutMs: 20_000})

let files: Awaited<ReturnType<typeof temporaryFolder>>
test.before(async () => {
  files = await temporaryFolder()
})
test.after(() => files.remove())

const records = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const levels: LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal']

for (const [index, level] of levels.entries()) {
  test(`at level ${level} exactly that level and those above are written`, () => {
    const file = path.join(files.folder, `${level}.log`)
    const logger = createLogger(configFromObject({logging: {level, file}}).config.logging)
    for (const each of levels) logger.log(each, 'TASK', `a ${each} line`, {n: 1})
    logger.close()
    assert.equal(
      records(file).map((record) => record['level']),
      levels.slice(index),
    )
  })
}

test('a line has level, time, tag, message and fields, and no colour codes', () => {
  const file = path.join(files.folder, 'deep/er/x.log')
  const logger = createLogger(configFromObject({logging: {file, colors: true}}).config.logging)
  logger.log('info', 'PERF', 'answer', {output_tokens: 3})
  logger.close()
  const [record = {}] = records(file)
  assert.match(String(record['time']), /^\d{4}-\d\d-\d\dT/)
  assert.equal({...record, time: ''}, {level: 'info', time: '', tag: 'PERF', output_tokens: 3, msg: 'answer'})
  assert.not.match(readFileSync(file, 'utf8'), /\u001b/)
  assert.is(statSync(file).mode & 0o777, 0o600)
})

test('timestamps off leaves the time out; none writes nothing; lines are appended', () => {
  const file = path.join(files.folder, 'plain.log')
  for (const level of ['info', 'none', 'info']) {
    const logger = createLogger(configFromObject({logging: {file, level, timestamps: false}}).config.logging)
    logger.log('fatal', 'TASK', level)
    logger.close()
  }
  assert.equal(records(file), Array(2).fill({level: 'fatal', tag: 'TASK', msg: 'info'}))
})

test('a file that cannot be opened is an invalid_argument that names it', () => {
  for (const file of [files.folder, '/proc/wnn/x.log', path.join(files.folder, 'info.log', 'x.log')]) {
    assert.throws(
      () => createLogger(configFromObject({logging: {file}}).config.logging),
      (error: unknown) => error instanceof NnError && error.message.includes(file),
    )
  }
})

test('a file that has grown too large becomes .1', () => {
  const file = path.join(files.folder, 'rotated.log')
  const logger = createLogger({...configFromObject({logging: {file}}).config.logging, max_file_mb: 0.001})
  for (let i = 0; i < 30; i++) logger.log('info', 'TASK', 'x'.repeat(30), {i})
  logger.close()
  assert.is(records(file).at(-1)?.['i'], 29)
  assert.ok(records(`${file}.1`).length > 0 && statSync(`${file}.1`).size <= 1100)
})

test('a link to a file stays one, and the file is set aside', () => {
  const [file, link] = [path.join(files.folder, 'linked.log'), path.join(files.folder, 'link.log')]
  symlinkSync(file, link)
  const logger = createLogger({...configFromObject({logging: {file: link}}).config.logging, max_file_mb: 0.001})
  for (let i = 0; i < 30; i++) logger.log('info', 'TASK', 'x'.repeat(30), {i})
  logger.close()
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.equal([records(link).at(-1)?.['i'], records(`${file}.1`).length > 0], [29, true])
})

test('a file that cannot be set aside is written on', () => {
  const file = path.join(files.folder, 'kept.log')
  mkdirSync(path.join(`${file}.1`, 'not empty'), {recursive: true})
  const logger = createLogger({...configFromObject({logging: {file}}).config.logging, max_file_mb: 0.001})
  for (let i = 0; i < 30; i++) logger.log('info', 'TASK', 'x'.repeat(30), {i})
  logger.close()
  assert.is(records(file).at(-1)?.['i'], 29)
})

test('a terminal gets lines for people, coloured unless that is off; anything else gets JSON', (t) => {
  const {NO_COLOR} = process.env
  t.after(() =>
    NO_COLOR === undefined ? Reflect.deleteProperty(process.env, 'NO_COLOR') : (process.env.NO_COLOR = NO_COLOR),
  )
  const said = (isTTY: boolean, colors: boolean): string => {
    let text = ''
    const stream = {isTTY, write: (line: string) => void (text += line)}
    const logger = createLogger(configFromObject({logging: {colors}}).config.logging, {stream})
    logger.log('warn', 'MODEL', 'a \u001b[2J name\u009b', {slots: 4, path: '/a b'})
    return text
  }
  const plain = /^\d\d:\d\d:\d\d\.\d{3} WARN {2}MODEL {3}a ␛\[2J name␛ slots=4 path=\/a b\n$/
  Reflect.deleteProperty(process.env, 'NO_COLOR')
  assert.match(said(true, true), /\u001b\[33mWARN /)
  assert.match(stripVTControlCharacters(said(true, true)), plain)
  assert.match(said(true, false), plain)
  const json = said(false, true)
  assert.is((JSON.parse(json) as {slots: number}).slots, 4)
  // A file is shown on terminals, too.
  assert.not.match(json, /[\u007f-\u009f]/)
  assert.is((JSON.parse(json) as {msg: string}).msg, 'a \u001b[2J name\u009b')
  process.env.NO_COLOR = '1'
  assert.match(said(true, true), plain)
})

test('a log that was renamed or removed goes on under its name', () => {
  const file = path.join(files.folder, 'moved.log')
  let now = 0
  const settings = configFromObject({logging: {file}}).config.logging
  const logger = createLogger(settings, {now: () => (now += 1000)})
  for (const [index, change] of [
    (): void => undefined,
    (): void => renameSync(file, `${file}.old`),
    (): void => rmSync(file),
    (): void => {
      rmSync(file)
      symlinkSync(`${file}.elsewhere`, file)
    },
  ].entries()) {
    change()
    logger.log('info', 'TASK', `line ${index}`)
    assert.is(records(file).at(-1)?.['msg'], `line ${index}`)
  }
  logger.close()
  assert.is(records(`${file}.old`).length, 1)
  assert.is(records(`${file}.elsewhere`).length, 1)
})

test('a pipe that nobody reads is an error at once, and one that is full costs lines, not time', (t) => {
  const pipe = path.join(files.folder, 'log.pipe')
  execFileSync('mkfifo', [pipe])
  const settings = configFromObject({logging: {file: pipe}}).config.logging
  assert.throws(() => createLogger(settings), /logging\.file .*log\.pipe cannot be opened: .* a pipe that nobody reads/)
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  t.after(() => closeSync(reader))
  const logger = createLogger(settings)
  for (let line = 0; line < 100; line++) logger.log('info', 'TASK', 'x'.repeat(4000))
  logger.close()
  const read = Buffer.alloc(4000)
  assert.is(readSync(reader, read), read.length)
})

test('neither what is said nor what a request brings along is logged, right or wrong', async () => {
  const file = path.join(files.folder, 'private.log')
  const opened = await openBackend({logging: {level: 'debug', file}})
  const wrong = [
    {history: [{role: 'bogus', content: 'Alice'}]},
    {system_prompt: ['Alice']},
    {messages: [{content: 'Alice'}]},
    {history: [{role: 'user', content: 'Alice'}]},
    {logit_bias: [['Alice', 'x']]},
  ]
  for (const options of wrong) await ask(opened, 'My name is Alice.', options)
  await opened.backend.setInput(opened.context, 1, textTensor('{"history": "Alice'))
  await ask(opened, 'Tell me about Alice.', {grammar: 'Alice ::='}).catch(() => undefined)
  await opened.backend.deinit()
  assert.ok(
    records(file).some(
      ({msg, path: key}) =>
        msg === 'configuration: runtime option history[0].role ignored' && key === 'history[0].role',
    ),
  )
  assert.not.match(readFileSync(file, 'utf8'), /Alice|bogus/)
})

test("an answer leaves PERF, MEM, TASK, MODEL and llama.cpp's own lines, and no word of what was said", async () => {
  const file = path.join(files.folder, 'backend.log')
  const opened = await openBackend({logging: {level: 'debug', file}})
  await ask(opened, 'My name is Alice.')
  await opened.backend.deinit()
  const tags = new Set(records(file).map((record) => record['tag']))
  for (const tag of ['PERF', 'MEM', 'TASK', 'MODEL', 'LLAMA']) assert.ok(tags.has(tag), `no ${tag} line`)
  assert.is(records(file)[0]?.['msg'], 'backend initialized')
  assert.is(records(file).at(-1)?.['msg'], 'backend released')
  assert.not.match(readFileSync(file, 'utf8'), /Alice/)
})
