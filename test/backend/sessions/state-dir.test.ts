import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {initBackend, textTensor} from '../../../src/index.js'
import {ask, openBackend, phi3, qwen, type Opened} from '../../support/fixtures.js'
import {rejects} from '../../support/rejects.js'
import {suite, type TestContext} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('sessions that survive', {timeoutMs: 30_000})
const day = 86_400_000

test('a conversation goes on after a restart, on another model, too', async (t) => {
  const stateDir = path.join(temporaryFolder(t), 'made', 'state')
  await within({stateDir}, 'alice', (context) => ask(context, 'My name is Alice.'))
  assert.is(statSync(stateDir).mode & 0o777, 0o700)
  assert.equal(readdirSync(stateDir), ['caches', 'histories.jsonl'])
  assert.is(statSync(path.join(stateDir, 'histories.jsonl')).mode & 0o777, 0o600)
  for (const model of [{}, {model: phi3}]) {
    await within({stateDir, ...model}, 'alice', async (context) => {
      assert.is((await context.backend.core.history(context.context))[0]?.content, 'My name is Alice.')
      assert.is((await ask(context, 'What is my name?')).text, 'Your name is Alice.')
    })
  }
})

test('rewritten histories and token-by-token answers are kept as well', async (t) => {
  const stateDir = temporaryFolder(t)
  await within({stateDir}, 'a', async (context) => {
    await ask(context, 'My name is Alice.')
    const history = [
      {role: 'user', content: 'My name is Bob.'},
      {role: 'assistant', content: 'Nice to meet you, Bob!'},
    ]
    await ask(context, 'Hello!', {history})
    const {backend} = context
    const stepped = await backend.initExecutionContextWithSessionId(context.graph, 'stepped')
    await backend.setInput(stepped, 0, textTensor('My name is Carol.'))
    await rejects(
      (async () => {
        for (;;) await backend.computeSingle(stepped)
      })(),
      'end_of_sequence',
    )
  })
  await within({stateDir}, 'a', async (context) => {
    assert.is((await ask(context, 'What is my name?')).text, 'Your name is Bob.')
    const stepped = await context.backend.initExecutionContextWithSessionId(context.graph, 'stepped')
    assert.is((await ask({...context, context: stepped}, 'What is my name?')).text, 'Your name is Carol.')
  })
})

test('SIGKILL after an answer loses none, and frees the folder', async (t) => {
  const stateDir = temporaryFolder(t)
  const {child, next} = chatting(t, stateDir)
  assert.is(await next(), 'ready')
  for (let asked = 0; asked < 3; asked++) {
    child.stdin.write('My name is Alice.\n')
    assert.is(await next(), 'Nice to meet you, Alice!')
  }
  await rejects(initBackend({stateDir}), 'invalid_argument', /is in use by another process/)
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
  assert.ok(existsSync(path.join(stateDir, 'lock')))
  await within({stateDir}, 'chat', async (context) => {
    assert.is((await context.backend.core.history(context.context)).length, 6)
    assert.is((await ask(context, 'What is my name?')).text, 'Your name is Alice.')
  })
})

test('SIGKILL under load: every turn that was answered is there', async (t) => {
  const stateDir = temporaryFolder(t)
  const script = fileURLToPath(new URL('../support/answer-many.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, stateDir], {stdio: ['ignore', 'pipe', 'inherit']})
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.split('\n').length > 60) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const answered = new Map([...said.matchAll(/^(\w) (\d+)$/gm)].map(([, id = '', turns]) => [id, Number(turns)]))
  assert.is(answered.size, 4)
  const backend = await initBackend({stateDir})
  const {sessions} = await backend.status('sessions')
  await backend.deinit()
  for (const {id, messages} of sessions) {
    // One turn more may have been written and not been told of.
    const more = messages / 2 - (answered.get(id) ?? 0)
    assert.ok(more === 0 || more === 1, `${id} has ${messages} messages after ${answered.get(id) ?? 0} answers`)
  }
  assert.is(sessions.length, 4)
})

test('a disk that is full costs no answer, is told, and costs nothing that was written before', async (t) => {
  const stateDir = temporaryFolder(t)
  // Blocks of 512 bytes: the limit lies within one of the turns.
  const {child, next} = chatting(t, stateDir, 'ulimit -f 1; exec "$@"')
  assert.is(await next(), 'ready')
  const answers = []
  for (let asked = 0; asked < 5; asked++) {
    child.stdin.write('My name is Alice.\n')
    answers.push(await next())
  }
  assert.equal(answers, Array<string>(5).fill('Nice to meet you, Alice!'))
  child.stdin.write('/status\n')
  const {state_dir, write_error} = JSON.parse(await next()) as {state_dir: string; write_error: string}
  assert.is(state_dir, stateDir)
  assert.match(write_error, /the file would be larger than this process may write/)
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.ok(readFileSync(path.join(stateDir, 'histories.jsonl'), 'utf8').endsWith('\n'))
  await within({stateDir}, 'chat', async (context) => {
    assert.ok((await context.backend.core.history(context.context)).length >= 2)
  })
})

test('sessions that go are gone for good, and their names are not given again', async (t) => {
  const stateDir = temporaryFolder(t)
  const options = {stateDir, config: {max_sessions: 2}}
  const named = await within(options, undefined, async (context) => {
    await ask(context, 'Hello!')
    for (const id of ['a', 'b']) {
      const opened = await context.backend.initExecutionContextWithSessionId(context.graph, id)
      await ask({...context, context: opened}, 'Hello!')
    }
    return sessions(context)
  })
  assert.equal(named, ['a', 'b'])
  const backend = await initBackend(options)
  t.after(() => backend.deinit())
  const graph = await backend.loadByName(qwen)
  const opened = {backend, graph, context: await backend.initExecutionContextWithSessionId(graph, 'a')}
  assert.equal(await sessions(opened), ['a', 'b'])
  await backend.initExecutionContext(graph)
  assert.equal(await sessions(opened), ['a', 'session-2'])
})

test('an answer that ends after its session was removed does not bring that back', async (t) => {
  const stateDir = temporaryFolder(t)
  await within({stateDir, config: {max_sessions: 1}}, 'old', async ({backend, graph, context}) => {
    await backend.setInput(context, 0, textTensor('My name is Alice.'))
    await backend.setInput(context, 1, textTensor('{"max_tokens": 1}'))
    let removal: Promise<unknown> | undefined
    // The last text comes together with the end of the answer.
    const remove = async (): Promise<void> => {
      await backend.closeExecutionContext(context)
      await backend.initExecutionContextWithSessionId(graph, 'new')
    }
    await backend.compute(context, {
      onText: () => {
        removal ??= remove()
      },
    })
    await removal
  })
  const backend = await initBackend({stateDir})
  t.after(() => backend.deinit())
  assert.equal((await backend.status('sessions')).sessions, [])
})

for (const [what, config, left] of [
  ['those idle for too long go', {idle_timeout_ms: 60_000}, ['new']],
  ['the most recently used stay', {idle_timeout_ms: day, max_sessions: 2}, ['middle', 'new']],
  ['without clean-up all stay', {auto_cleanup: false, max_sessions: 1}, ['old', 'middle', 'new']],
] as const) {
  test(`after a restart ${what}`, async (t) => {
    const stateDir = temporaryFolder(t)
    const ages = {old: 2 * 3_600_000, middle: 3_600_000, new: 1000}
    const file = path.join(stateDir, 'histories.jsonl')
    const lines = Object.entries(ages).map(([session, age]) => ({
      ...{type: 'history', session, at: Date.now() - age, keep: 0, messages: [{role: 'user', content: 'Hello!'}]},
    }))
    const header = {format: 'wnn-histories', version: 1}
    writeFileSync(file, [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''))
    for (const again of [config, {auto_cleanup: false}]) {
      const backend = await initBackend({stateDir, config: again})
      const {sessions} = await backend.status('sessions')
      await backend.deinit()
      assert.equal(
        sessions.map(({id}) => id),
        left,
      )
      assert.ok((sessions[0]?.idle_ms ?? 0) >= ages[left[0]])
    }
  })
}

test('a folder whose path is longer than the address of a socket is locked as well', async (t) => {
  const stateDir = path.join(temporaryFolder(t), 'long-'.repeat(40), 'state')
  const backend = await initBackend({stateDir})
  await rejects(initBackend({stateDir}), 'invalid_argument', /in use/)
  await backend.deinit()
  assert.equal(readdirSync(stateDir), ['histories.jsonl'])
})

test('what cannot be used is refused, and nothing of it stays behind', async (t) => {
  const folder = temporaryFolder(t)
  const file = path.join(folder, 'file')
  writeFileSync(file, 'precious')
  await rejects(initBackend({stateDir: file}), 'invalid_argument', /file is not a folder/)
  await rejects(
    initBackend({stateDir: '/proc/none'}),
    'invalid_argument',
    /\/proc\/none cannot be used: there is no such file or folder\.$/,
  )
  await rejects(initBackend({stateDir: ''}), 'invalid_argument', /empty/)
  await rejects(initBackend({stateDir: 5 as never}), 'invalid_argument')
  const state = path.join(folder, 'state')
  mkdirSync(state)
  writeFileSync(path.join(state, 'histories.jsonl'), 'precious\n')
  await rejects(initBackend({stateDir: state}), 'invalid_argument', /is not a file of histories/)
  const config = {logging: {file: path.join(file, 'log')}}
  await rejects(initBackend({stateDir: path.join(folder, 'fresh'), config}), 'invalid_argument', /logging\.file/)
  assert.equal(readdirSync(path.join(folder, 'fresh')), ['histories.jsonl'])
  assert.equal(readdirSync(state), ['histories.jsonl'])
})

test('without a state folder the status says so', async (t) => {
  const backend = await initBackend()
  t.after(() => backend.deinit())
  const {state_dir, write_error} = await backend.status('sessions')
  assert.equal([state_dir, write_error], [null, null])
})

type Options = {stateDir: string; model?: string; config?: object}

/** Does something in a session of a backend that is released afterwards. */
async function within<T>(
  {config, ...options}: Options,
  session: string | undefined,
  use: (opened: Opened) => T | Promise<T>,
): Promise<T> {
  const opened = await openBackend({threads: 1, ...config}, options)
  try {
    if (session === undefined) return await use(opened)
    await opened.backend.closeExecutionContext(opened.context)
    const context = await opened.backend.initExecutionContextWithSessionId(opened.graph, session)
    return await use({...opened, context})
  } finally {
    await opened.backend.deinit()
  }
}

async function sessions({backend}: Opened): Promise<string[]> {
  return (await backend.status('sessions')).sessions.map(({id}) => id)
}

/** A process that answers each line of its input with one. */
function chatting(t: TestContext, stateDir: string, shell = 'exec "$@"') {
  const script = fileURLToPath(new URL('../support/answer-lines.ts', import.meta.url))
  const command = [process.execPath, '--import', 'tsx', script, stateDir]
  const child = spawn('sh', ['-c', shell, 'sh', ...command], {stdio: ['pipe', 'pipe', 'inherit']})
  t.after(() => child.kill('SIGKILL'))
  const lines = child.stdout.setEncoding('utf8').iterator()
  let rest = ''
  const next = async (): Promise<string> => {
    while (!rest.includes('\n')) {
      const {value, done} = (await lines.next()) as IteratorResult<string, undefined>
      if (done === true) throw new Error(`Ended after: ${rest}`)
      rest += value
    }
    const [line = '', ...others] = rest.split('\n')
    rest = others.join('\n')
    return line
  }
  return {child, next}
}
