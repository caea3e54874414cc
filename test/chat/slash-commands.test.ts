import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {defaultConfig} from '../../src/config/index.js'
import type {GraphStatus} from '../../src/backend/contract/status.js'
import type {Chat} from '../../src/chat/chat.js'
import {completeLine} from '../../src/chat/complete-line.js'
import {Conversation} from '../../src/chat/conversation.js'
import {runSlashCommand, slashCommands} from '../../src/chat/slash-commands.js'
import {rejects} from '../support/rejects.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('slash commands')

/** A chat in which nothing is computed; `type` gives what a command says. */
function talk() {
  const said: string[] = []
  let hasLeft = false
  const unused = (): never => {
    throw new Error('Nothing should be computed.')
  }
  const chat: Chat = {
    conversation: new Conversation({answer: unused, render: unused}, 0, {}, 'chat'),
    model: {name: 'tiny.gguf', config: defaultConfig()} as GraphStatus,
    say: (text) => void said.push(text),
    show: (facts) => void said.push(...facts.map(([title, text]) => `${title}  ${text}`)),
    contextTokens: () => Promise.resolve(undefined),
    answerAgain: () => Promise.resolve(false),
    leave: () => (hasLeft = true),
  }
  const type = async (name: string, argument = ''): Promise<string> => {
    await runSlashCommand(chat, name, argument)
    return said.splice(0).join('\n')
  }
  return {chat, type, hasLeft: () => hasLeft}
}

test('/help names every command', async () => {
  const help = await talk().type('help')
  for (const {name} of slashCommands) assert.match(help, `/${name}`)
  assert.is(await talk().type('?'), help)
})

test('the reference of chats has every command', () => {
  const page = readFileSync(new URL('../../docs/reference/chat.md', import.meta.url), 'utf8')
  for (const {name, argument} of slashCommands) {
    const usage = argument === undefined ? `/${name}` : `/${name} ${argument.replaceAll('|', '\\|')}`
    assert.ok(page.includes(`| \`${usage}\` |`), usage)
  }
})

test('an unknown command is an error that says what was meant', async () => {
  assert.is((await rejects(talk().type('regn'), 'invalid_argument', /no command \/regn/)).hint, 'Did you mean /regen?')
  assert.match((await rejects(talk().type('wurst'), 'invalid_argument')).hint ?? '', '/help')
})

test('/set sets, shows and takes back', async () => {
  const {chat, type} = talk()
  assert.match(await type('set'), /^Nothing is set/)
  assert.is(await type('set', 'temperature 0.2'), 'temp 0.2')
  assert.is(await type('set', 'stop a b'), 'stop ["a b"]')
  assert.is(await type('set'), 'temp 0.2\nstop ["a b"]')
  assert.is(await type('set', 'top_k'), 'top_k 40')
  assert.is(await type('set', 'temp default'), 'temp 0.7')
  assert.equal(chat.conversation.options, {stop: ['a b']})
})

test('/set takes groups and tells what it set', async () => {
  const {chat, type} = talk()
  assert.is(await type('set', 'sampling {"temp": 0.3, "top_k": 5}'), 'temp 0.3\ntop_k 5')
  assert.is(await type('set', 'sampling.temp 0.2'), 'temp 0.2')
  assert.is(await type('set', 'stopping {"max_tokens": 9}'), 'max_tokens 9')
  for (const name of ['stopping', 'stopping_criteria']) assert.match(await type('set', name), /^max_tokens 9$/m)
  assert.equal(chat.conversation.options, {temp: 0.2, top_k: 5, max_tokens: 9})
  assert.match(await type('set', 'stopping default'), /^max_tokens \d+$/)
  assert.is(await type('set', 'stopping default'), 'No option of stopping is set.')
  assert.equal(chat.conversation.options, {temp: 0.2, top_k: 5})
  for (const name of ['sampling', 'stopping', 'request']) assert.not.match(await type('set', name), 'undefined')
  await rejects(type('set', 'history'), 'invalid_argument', /cannot be set/)
})

test('/set refuses what is wrong, and nothing changes', async () => {
  const {chat, type} = talk()
  await type('set', 'temp 0.2')
  await rejects(type('set', 'tmep 1'), 'invalid_argument', /Did you mean "temp"/)
  await rejects(type('set', 'tmep'), 'invalid_argument', /Did you mean "temp"/)
  await rejects(type('set', 'temp hot'), 'invalid_argument', /must be a number/)
  assert.equal(chat.conversation.options, {temp: 0.2})
})

test('/system sets, shows and removes the instructions', async () => {
  const {chat, type} = talk()
  assert.is(await type('system'), 'There is no system prompt.')
  await type('system', 'Be brief.')
  assert.is(await type('system'), 'Be brief.')
  assert.equal(chat.conversation.options, {system_prompt: 'Be brief.'})
  await type('system', 'off')
  assert.equal(chat.conversation.options, {})
})

test('/save and /load carry messages, instructions and options', async (t) => {
  const file = path.join(folder(t), 'my chat.json')
  const {chat, type} = talk()
  chat.conversation.restore([
    {role: 'user', content: 'q'},
    {role: 'assistant', content: 'a'},
  ])
  chat.conversation.options = {temp: 0.5, system_prompt: 'Be brief.'}
  assert.match(await type('save', file), /^Saved 2 messages to .*my chat\.json\.$/)
  const other = talk()
  assert.is(await other.type('load', file), 'Loaded 2 messages.')
  assert.equal(other.chat.conversation.messages, chat.conversation.messages)
  assert.equal(other.chat.conversation.options, chat.conversation.options)
  for (const name of ['save', 'load']) await rejects(type(name), 'invalid_argument', /Usage: /)
})

test('in raw mode there are no instructions to set and no messages to save', async (t) => {
  const {chat, type} = talk()
  const file = path.join(folder(t), 'chat.json')
  chat.conversation.options = {system_prompt: 'Be brief.', prompt_mode: 'raw'}
  await rejects(type('system', 'x'), 'invalid_argument', /^Raw prompts have no system prompt\.$/)
  assert.is(await type('system'), 'Be brief.\nRaw prompts are sent without it.')
  await rejects(type('save', file), 'invalid_argument', /^There is nothing to save: raw prompts have no history\.$/)
  assert.not.ok(existsSync(file))
  await type('system', 'off')
  assert.equal(chat.conversation.options, {prompt_mode: 'raw'})
  chat.conversation.restore([
    {role: 'user', content: 'q'},
    {role: 'assistant', content: 'a'},
  ])
  assert.match(await type('save', file), /^Saved 2 messages/)
})

for (const name of ['help', 'clear', 'stats', 'regen', 'exit', 'quit']) {
  test(`/${name} takes nothing after it`, async () => {
    const {type, hasLeft} = talk()
    const {hint} = await rejects(type(name, 'now'), 'invalid_argument', /^Unexpected "now"\.$/)
    assert.is(hint, `Usage: /${name === 'quit' ? 'exit' : name}`)
    assert.not.ok(hasLeft())
  })
}

test('a lone slash is told where to look', async () => {
  await rejects(talk().type(''), 'invalid_argument', /^Type \/help for the commands\.$/)
})

test('/clear forgets the messages and keeps what is set', async () => {
  const {chat, type} = talk()
  chat.conversation.options = {temp: 0.5}
  chat.conversation.restore([{role: 'user', content: 'q'}])
  await type('clear')
  assert.equal([chat.conversation.messages, chat.conversation.options], [[], {temp: 0.5}])
})

test('/regen without a prompt says so', async () => {
  assert.is(await talk().type('regen'), 'There is no prompt to answer yet.')
})

test('/stats before the first answer says so', async () => {
  assert.is(await talk().type('stats'), 'There is no answer yet.')
})

for (const name of ['exit', 'quit']) {
  test(`/${name} leaves`, async () => {
    const {type, hasLeft} = talk()
    await type(name)
    assert.ok(hasLeft())
  })
}

const completions: [line: string, hits: string[], part: string][] = [
  ['/s', ['/system ', '/set ', '/stats ', '/save '], '/s'],
  ['/re', ['/regen '], '/re'],
  ['/set typ', ['typical_p '], 'typ'],
  ['/set temp 0', [], 'temp 0'],
  ['/clear x', [], 'x'],
  ['/nonsense x', [], 'x'],
  ['hello /s', [], 'hello /s'],
]
for (const [line, hits, part] of completions) {
  test(`Tab after "${line}" offers ${hits.length}`, () => assert.equal(completeLine(line), [hits, part]))
}

test('Tab completes files and folders', (t) => {
  const at = folder(t)
  writeFileSync(path.join(at, 'chat.json'), '')
  writeFileSync(path.join(at, '.hidden'), '')
  assert.equal(completeLine(`/load ${at}/`)[0], [`${at}/chat.json`])
  assert.equal(completeLine(`/load ${at}/.h`)[0], [`${at}/.hidden`])
  assert.equal(completeLine(`/save ${at}`)[0], [`${at}/`])
  assert.equal(completeLine('/load /nowhere/x')[0], [])
})

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'wnn-slash-'))
  t.after(() => rmSync(made, {recursive: true}))
  return made
}
