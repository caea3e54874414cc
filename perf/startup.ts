import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

/**
 * Start-up of light commands and of an empty oclif command, A/B/A/B in one run: `node --import tsx perf/startup.ts`.
 * `wnn status` asks a daemon with a model. Needs a build. Prints medians in milliseconds and their ratio to the empty
 * command.
 */
const rounds = 15
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const wnn = path('../bin/run.js')

const commands: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'empty oclif command': [path('empty-oclif/bin/run.js'), 'hello'],
  'wnn --version': [wnn, '--version'],
  'wnn --help': [wnn, '--help'],
  'wnn test --help': [wnn, 'test', '--help'],
  'wnn status': [wnn, 'status'],
}

const folder = mkdtempSync(join(tmpdir(), 'wnn-bench-'))
const env = {...process.env, WNN_SOCKET: join(folder, 'own', 'daemon.sock')}
const daemon = (...argv: string[]): void => {
  const {status, stderr} = spawnSync(process.execPath, [wnn, ...argv], {env})
  if (status !== 0) throw new Error(`wnn ${argv.join(' ')}: ${stderr.toString()}`)
}
daemon('load', path('../fixtures/models/tiny-qwen2-chat.gguf'))
process.on('exit', () => {
  daemon('stop')
  rmSync(folder, {recursive: true})
})

const samples = new Map(Object.keys(commands).map((name) => [name, [] as number[]]))
for (let round = 0; round <= rounds; round++) {
  for (const [name, argv] of Object.entries(commands)) {
    const startedAt = performance.now()
    const {status, stderr} = spawnSync(process.execPath, argv, {env})
    if (status !== 0) throw new Error(`${name} exited with ${status ?? 'a signal'}: ${stderr.toString()}`)
    // The first round warms the disk cache.
    if (round > 0) samples.get(name)?.push(performance.now() - startedAt)
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
const base = median(samples.get('empty oclif command') ?? [])
for (const [name, values] of samples) {
  console.log(`${name.padEnd(22)} ${median(values).toFixed(0).padStart(5)} ms  ${(median(values) / base).toFixed(2)} x`)
}
