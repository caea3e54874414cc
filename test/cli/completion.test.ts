import {execFileSync, spawnSync} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {bashCompletion} from '../../src/cli/completion/bash.js'
import {fishCompletion} from '../../src/cli/completion/fish.js'
import type {CompletedCommand} from '../../src/cli/completion/spec.js'
import {zshCompletion} from '../../src/cli/completion/zsh.js'
import {runCli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('shell completion', {timeoutMs: 20_000})

const scripts: Partial<Record<string, string>> = {}
test.before(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const {code, stdout, stderr} = await runCli(['completion', shell])
    assert.equal([code, stderr], [0, ''])
    scripts[shell] = stdout
  }
})

/** A folder with what could be completed. */
const folder = {entries: ['a model.gguf', 'prompts.jsonl', 'sub/']}

/** What bash offers for the last word. */
function offered(cwd: string, line: string): string[] {
  const words = line.replaceAll('=', ' = ').split(' ')
  const script = `${scripts['bash'] ?? ''}
compopt() { shopt -s nullglob; case "$2" in default) mapfile -t COMPREPLY < <(compgen -f -- "$cur");; dirnames) mapfile -t COMPREPLY < <(compgen -d -- "$cur");; esac; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_wnn
printf '%s\\n' "\${COMPREPLY[@]}"`
  const stdout = execFileSync('bash', ['--norc', '-c', script], {cwd, encoding: 'utf8'})
  return stdout.split('\n').filter((word) => word !== '')
}

const cases: [line: string, words: string[]][] = [
  ['wnn sta', ['status']],
  ['wnn ben', ['bench']],
  ['wnn switch x.gguf --mode ', ['overlap', 'drain', 'cancel']],
  ['wnn switch x.gguf --mode=d', ['drain']],
  ['wnn batch x --order co', ['completion']],
  ['wnn status ', ['queue', 'memory', 'sessions', 'performance', 'model']],
  ['wnn completion ', ['bash', 'zsh', 'fish']],
  ['wnn chat --hist', ['--history', '--history-file']],
  ['wnn chat --no-', ['--no-stats', '--no-history']],
  ['wnn batch ', ['a model.gguf', 'prompts.jsonl', 'sub']],
  ['wnn batch pro', ['prompts.jsonl']],
  ['wnn batch x --model a', ['a model.gguf']],
  ['wnn batch x -m a', ['a model.gguf']],
  ['wnn batch x --output=pro', ['prompts.jsonl']],
  ['wnn serve --state-dir ', ['sub']],
  ['wnn chat --prompt ', []],
  ['wnn unload ', []],
  ['wnn bench re', ['report']],
  ['wnn bench a', ['a model.gguf']],
  ['wnn bench report --hi', ['--history']],
  ['wnn bench report pro', ['prompts.jsonl']],
  ['wnn help sw', ['switch']],
]
for (const [line, words] of cases) {
  test(`bash completes ${line}`, (t) => {
    const cwd = temporaryFolder(t)
    for (const entry of folder.entries) {
      if (entry.endsWith('/')) mkdirSync(path.join(cwd, entry))
      else writeFileSync(path.join(cwd, entry), '')
    }
    assert.equal(offered(cwd, line).sort(), [...words].sort())
  })
}

for (const shell of ['zsh', 'fish']) {
  test(`the script for ${shell} has commands, flags, values and files`, () => {
    const script = scripts[shell] ?? ''
    for (const part of ['batch', 'report', 'overlap drain cancel', 'queue memory sessions', 'state-dir']) {
      assert.match(script, part)
    }
    assert.match(script, shell === 'zsh' ? /--output=\[[^\]]+\]:output:_files'/ : / -l output -s o -r -F -d /)
  })
  // Where the shell is installed, it reads the script.
  if (spawnSync(shell, ['--version']).status === 0) {
    test(`${shell} reads it`, (t) => {
      const file = path.join(temporaryFolder(t), 'script')
      writeFileSync(file, scripts[shell] ?? '')
      const {status, stderr} = spawnSync(shell, ['-n', file], {encoding: 'utf8'})
      assert.equal([status, stderr], [0, ''])
    })
  }
}

test('quotes, brackets, colons and backslashes in descriptions do no harm', () => {
  const command: CompletedCommand = {
    words: ['x'],
    summary: "What's [a:b] \\ c",
    flags: [{name: 'y', char: 'y', summary: "It's [1:2] \\", value: undefined, repeatable: false}],
    arguments: [],
    manyArguments: false,
  }
  assert.match(zshCompletion('p', [command]), String.raw`'(--y -y)--y[It'\''s \[1\:2\] \\]'`)
  assert.match(fishCompletion('p', [command]), String.raw`-d 'It\'s [1:2] \\'`)
  const script = `${bashCompletion('p', [command])}\nCOMP_WORDS=(p ''); COMP_CWORD=1; _p; echo "$COMPREPLY"`
  assert.is(execFileSync('bash', ['--norc', '-c', script], {encoding: 'utf8'}), 'x\n')
})
