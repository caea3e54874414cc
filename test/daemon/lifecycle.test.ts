import {chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {qwen, phi3} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {DaemonHome} from './support/daemon-home.js'

const test = suite('a daemon that stays up', {timeoutMs: 60_000})

test('wnn load starts it, other commands use it, wnn stop ends it, and nothing is left', async (t) => {
  const home = new DaemonHome(t)
  const loaded = await home.run('load', qwen, '--name', 'qwen', '--set', 'ctx_size=512', '--set', 'model.threads=1')
  assert.equal([loaded.stdout, loaded.code], ['0\n', 0], loaded.stderr)
  assert.match(loaded.stderr, /layers on the GPU +0 of 5\n.*memory +\d.*\ncontext +\d+ × 512 tokens/s)

  const answer = await home.run('chat', '--temp', '0', '--prompt', 'What is the capital of France?', '--session', 's')
  assert.equal([answer.stdout, answer.code], ['The capital of France is Paris.\n', 0], answer.stderr)
  const {sessions, model, daemon} = await home.status()
  assert.equal(sessions.contexts, [])
  assert.equal([sessions.sessions[0]?.id, sessions.sessions[0]?.messages], ['s', 2])
  assert.equal([model.graphs.length, model.graphs[0]?.name, daemon.state], [1, 'qwen', 'running'])

  const again = await home.run('load', qwen, '--name', 'qwen')
  assert.equal([again.stdout, again.code], ['', 2])
  assert.match(again.stderr, /qwen is already loaded with other settings: model\.ctx_size is 512, not \d+/)
  const same = await home.run('load', qwen, '--name', 'qwen', '--set', 'ctx_size=512', '--set', 'model.threads=1')
  assert.equal([same.stdout, same.code], ['0\n', 0])
  assert.match(same.stderr, /^qwen was already loaded with these settings\.$/m)
  // Another model under the same name takes its place.
  const other = await home.run('load', phi3, '--name', 'qwen')
  assert.equal([other.stdout, other.code], ['0\n', 0], other.stderr)
  assert.match(other.stderr, /^switched +\S*qwen\S* → \S*phi3\S*$/m)
  assert.not.match(loaded.stderr, /switched/)
  const [switched] = (await home.status()).model.graphs
  assert.equal([switched?.name, switched?.path], ['qwen', phi3])

  assert.is((await home.run('unload', 'qwen')).code, 0)
  assert.is((await home.run('unload', 'qwen')).code, 2)
  assert.is((await home.run('stop')).code, 0)
  assert.equal(home.left(), [])
  const status = await home.run('status')
  assert.equal([status.stdout, status.code], ['', 3])
  assert.match(status.stderr, /No daemon listens on .*\nStart one/)
})

test('its socket and folder are its owner’s alone, and so is its log', async (t) => {
  const home = new DaemonHome(t)
  await home.run('load', qwen)
  const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8)
  const {dir} = path.parse(home.socket)
  assert.equal([mode(dir), mode(home.socket), mode(path.join(dir, 'daemon.log'))], ['700', '600', '600'])
  await home.run('stop')
})

test('a name that would mean another model is refused before anything is loaded', async (t) => {
  const home = new DaemonHome(t)
  const twice = await home.run('serve', '--model', qwen, '--model', qwen)
  assert.equal([twice.code, twice.stdout], [2, ''])
  assert.match(twice.stderr, /is given twice\.\nStart the daemon with one of them/)
  assert.not.match(twice.stderr, /Loaded/)
  const number = await home.run('load', qwen, '--name', '0')
  assert.equal([number.code, number.stdout], [2, ''])
  assert.match(number.stderr, /cannot be named 0: .*\nChoose another name: --name/)
  assert.is((await home.run('status')).code, 3)
})

test('wnn load --estimate goes by the configuration of the daemon that runs, and by what is given', async (t) => {
  const home = new DaemonHome(t)
  const size = async (...argv: string[]): Promise<unknown> => {
    const {stdout} = await home.run('load', qwen, '--estimate', '--json', ...argv)
    return (JSON.parse(stdout) as {ctx_size: number}).ctx_size
  }
  const usual = await size()
  const daemon = await home.serve('--set', 'ctx_size=256')
  assert.not.equal(usual, 256)
  assert.equal([await size(), await size('--set', 'ctx_size=512')], [256, 512])
  daemon.child.kill('SIGTERM')
  await daemon.ended
})

test('a socket in a folder that others may enter is refused', async (t) => {
  const home = new DaemonHome(t)
  mkdirSync(path.dirname(home.socket))
  chmodSync(path.dirname(home.socket), 0o755)
  for (const argv of [['serve'], ['load', qwen], ['status']]) {
    const {code, stderr} = await home.run(...argv)
    assert.is(code, 2)
    assert.match(stderr, /is open to other users/)
  }
  assert.equal(home.left(), [])
})

test('of several commands that want a daemon at the same time one starts it, and all use that one', async (t) => {
  const home = new DaemonHome(t)
  const loads = await Promise.all(['a', 'b', 'c'].map((name) => home.run('load', qwen, '--name', name)))
  assert.equal(
    loads.map(({code}) => code),
    [0, 0, 0],
    loads.map(({stderr}) => stderr).join(''),
  )
  const {graphs} = (await home.status()).model
  assert.equal(graphs.map(({name}) => name).sort(), ['a', 'b', 'c'])
  await home.run('stop', '--now')
  assert.equal(home.left(), [])
})

test('a second daemon on the same socket is refused', async (t) => {
  const home = new DaemonHome(t)
  const {child} = await home.serve()
  const {code, stderr} = await home.run('serve')
  assert.is(code, 2)
  assert.match(stderr, /A daemon is listening on .* already/)
  child.kill('SIGKILL')
})

test('the socket of a daemon that was killed is taken over', async (t) => {
  const home = new DaemonHome(t)
  const {child, ended} = await home.serve()
  child.kill('SIGKILL')
  await ended
  assert.ok(existsSync(home.socket))
  assert.is((await home.run('load', qwen)).code, 0)
  assert.is((await home.run('stop')).code, 0)
  assert.equal(home.left(), [])
})

test('a load that fails says why, and leaves no daemon that was started for it', async (t) => {
  const home = new DaemonHome(t)
  const {code, stderr} = await home.run('load', qwen, '--set', 'max_memory_mb=1')
  assert.is(code, 3)
  assert.match(stderr, /needs about \d+ MiB/)
  assert.equal(home.left(), [])
})

test('what is wrong with flags is said before anything is started', async (t) => {
  const home = new DaemonHome(t)
  const cases: [argv: string[], message: RegExp][] = [
    [['load', 'no-such.gguf'], /no model file no-such\.gguf/],
    [['load', qwen, '--set', 'ctx_sise=1'], /ctx_sise.*\n?.*ctx_size/],
    [['load', qwen, '--set', 'ctx_size'], /--set takes key=value/],
    [['load', qwen, '--config', 'no-such.yaml'], /no-such\.yaml/],
  ]
  for (const [argv, message] of cases) {
    const {code, stderr} = await home.run(...argv)
    assert.is(code, 2, stderr)
    assert.match(stderr, message)
  }
  assert.not.ok(existsSync(path.dirname(home.socket)))
})

test('wnn load --estimate tells sizes and starts nothing', async (t) => {
  const home = new DaemonHome(t)
  const {stdout, code} = await home.run('load', qwen, '--estimate', '--set', 'parallel=2', '--json')
  const {slots, fits, layers, total_bytes: total} = JSON.parse(stdout) as Record<string, unknown>
  // As many as the daemon counts.
  assert.equal([code, slots, fits, layers, typeof total], [0, 2, true, 5, 'number'])
  const tight = await home.run('load', qwen, '--estimate', '--set', 'memory.max_memory_mb=16')
  assert.is(tight.code, 3)
  assert.match(tight.stdout, /It does not fit/)
  assert.not.ok(existsSync(path.dirname(home.socket)))
})

test('a model is meant by its file, its name or its number in every command', async (t) => {
  const home = new DaemonHome(t)
  await home.run('load', qwen, '--name', 'qwen', '--set', 'threads=1')
  await home.run('load', '--model', phi3, '--name', 'phi', '--set', 'threads=1')
  const ask = ['--temp', '0', '--prompt', 'What is the capital of France?']
  for (const model of [['qwen'], ['0'], [qwen], ['--model', 'qwen'], ['-m', '0'], ['--model', qwen]]) {
    const {code, stdout, stderr} = await home.run('chat', ...model, ...ask)
    assert.equal([code, stdout], [0, 'The capital of France is Paris.\n'], `${model.join(' ')}: ${stderr}`)
  }
  const several = await home.run('chat', ...ask)
  assert.equal([several.code, several.stdout], [2, ''])
  assert.match(several.stderr, /^error: The daemon has 2 models: qwen, phi\.\nChoose one with --model\.\n$/)
  const unknown = await home.run('chat', 'qwne', ...ask)
  assert.is(unknown.code, 2)
  assert.match(
    unknown.stderr,
    /^error: There is no file qwne, and the daemon has no model of that name\.\nThe daemon has /,
  )
  const input = path.join(home.folder, 'in.jsonl')
  writeFileSync(input, '{"prompt": "What is the capital of France?", "temp": 0}\n')
  const batch = await home.run('batch', input, '--model', '0', '--output', path.join(home.folder, 'rows.jsonl'))
  assert.is(batch.code, 0, batch.stderr)
  assert.match(readFileSync(path.join(home.folder, 'rows.jsonl'), 'utf8'), /The capital of France is Paris\./)
  const bench = await home.run('bench', 'qwen', '--model', '1', '-p', '8', '-n', '0', '-r', '1', '--warmup', '0')
  assert.is(bench.code, 0, bench.stderr)
  assert.match(bench.stdout, /^test +metric +qwen \(daemon\) +phi \(daemon\) /m)
  assert.is((await home.run('unload', '--model', 'phi')).code, 0)
  assert.is((await home.run('unload', '0')).code, 0)
  await home.run('stop')
})
