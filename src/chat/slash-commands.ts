import {NnError} from '../errors.js'
import {suggest} from '../documents/index.js'
import type {Chat} from './chat.js'
import {completeFile, completeWord} from './completion.js'
import {changeOption, noRawInstructions, optionKeys, optionNames, valueInForce} from './options.js'
import {loadChat, saveChat} from './saved-chat.js'
import {statsReport} from './stats.js'

export interface SlashCommand {
  name: string
  /** Another name; it is neither shown nor completed. */
  alias?: string
  /** What may follow the name, for `/help`. */
  argument?: string
  summary: string
  run: (chat: Chat, argument: string) => void | Promise<void>
  /** What the beginning of an argument may become. */
  complete?: (beginning: string) => string[]
}

const toChatMode = 'As in: /set prompt_mode chat'

/** Everything that can be typed with a slash: `/help` and completion are made from it. */
export const slashCommands: readonly SlashCommand[] = [
  {name: 'help', alias: '?', summary: 'Show this list.', run: (chat) => chat.say(help())},
  {
    name: 'clear',
    summary: 'Forget the conversation and start anew.',
    run: (chat) => {
      chat.conversation.clear()
      chat.say('A new conversation.')
    },
  },
  {
    name: 'system',
    argument: '[text|off]',
    summary: 'Show, set or remove the instructions before the conversation.',
    run: ({conversation, say}, text) => {
      const {system_prompt: current, ...others} = conversation.options
      const {isRaw} = conversation
      if (text === '' && current !== undefined) say(isRaw ? `${current}\nRaw prompts go without them.` : current)
      else if (text === '') say('There are no instructions.')
      else {
        if (isRaw && text !== 'off') throw new NnError('invalid_argument', noRawInstructions, {hint: toChatMode})
        conversation.options = text === 'off' ? others : {...others, system_prompt: text}
        say(text === 'off' ? 'No instructions from here on.' : 'These instructions hold from here on.')
      }
    },
  },
  {
    name: 'set',
    argument: '[option [value|default]]',
    summary: 'Show what is set, or set an option: /set temp 0.2',
    run: setOption,
    complete: (beginning) => completeWord(beginning, optionNames),
  },
  {
    name: 'stats',
    summary: 'Show tokens, times and cache use.',
    run: ({conversation, model, say}) =>
      say(statsReport(conversation.last?.metadata, conversation.usage, model.config.model.ctx_size)),
  },
  {
    name: 'save',
    argument: 'file',
    summary: 'Write the conversation to a file (JSON).',
    run: async ({conversation, model, say}, file) => {
      const {options, messages, isRaw} = conversation
      if (isRaw && messages.length === 0) {
        throw new NnError('invalid_argument', 'Raw mode keeps no history: there is nothing to save.', {
          hint: toChatMode,
        })
      }
      const written = await saveChat(required(file, 'save'), {model: model.name, options, messages})
      say(`Saved ${messages.length} messages to ${written}.`)
    },
    complete: completeFile,
  },
  {
    name: 'load',
    argument: 'file',
    summary: 'Go on with a saved conversation.',
    run: async ({conversation, model, say}, file) => {
      const {options, messages} = await loadChat(required(file, 'load'), model.config)
      conversation.restore(messages)
      conversation.options = options
      say(`Loaded ${messages.length} messages.`)
    },
    complete: completeFile,
  },
  {
    name: 'regen',
    summary: 'Answer the last prompt again.',
    run: async (chat) => {
      if (!(await chat.answerAgain())) chat.say('There is no prompt to answer again.')
    },
  },
  {name: 'exit', alias: 'quit', summary: 'Leave; so does Ctrl-D.', run: (chat) => chat.leave()},
]

/** Runs a command. @throws `invalid_argument` when there is none of that name. */
export async function runSlashCommand(chat: Chat, name: string, argument: string): Promise<void> {
  if (name === '') throw new NnError('invalid_argument', 'Type /help for the commands.')
  const command = slashCommands.find((each) => each.name === name || each.alias === name)
  if (command !== undefined && command.argument === undefined && argument !== '') {
    throw new NnError('invalid_argument', `Unexpected "${argument}".`, {hint: `Usage: ${usageOf(command)}`})
  }
  if (command !== undefined) return command.run(chat, argument)
  const meant = suggest(
    name,
    slashCommands.map((each) => each.name),
  )
  throw new NnError('invalid_argument', `There is no command /${name}.`, {
    hint:
      meant === undefined
        ? 'See /help. A prompt that begins with a slash is typed with two.'
        : `Did you mean /${meant}?`,
  })
}

function help(): string {
  const usages = slashCommands.map(usageOf)
  const width = Math.max(...usages.map(({length}) => length))
  return [
    ...slashCommands.map(({summary}, at) => `${(usages[at] ?? '').padEnd(width)}  ${summary}`),
    '',
    'A backslash at the end of a line continues it; """ begins and ends a prompt of several lines;',
    'Alt-Enter breaks a line. A prompt that begins with a slash is typed with two.',
    'Ctrl-C stops an answer or clears the line; twice it leaves.',
  ].join('\n')
}

function usageOf({name, argument}: SlashCommand): string {
  return argument === undefined ? `/${name}` : `/${name} ${argument}`
}

function setOption({conversation, model, say}: Chat, argument: string): void {
  const [, name = '', typed = ''] = /^(\S*)\s*(.*)$/s.exec(argument) ?? []
  const show = (key: string): string =>
    `${key} ${JSON.stringify(valueInForce(conversation.options, key, model.config))}`
  if (name === '') {
    const set = Object.keys(conversation.options).filter((key) => optionNames.includes(key))
    say(set.length > 0 ? set.map(show).join('\n') : `Nothing is set. The options are ${optionNames.join(', ')}.`)
    return
  }
  if (typed === '') {
    say(optionKeys(name, model.config).map(show).join('\n'))
    return
  }
  const {options, keys} = changeOption(conversation.options, name, typed, model.config)
  conversation.options = options
  say(keys.length > 0 ? keys.map(show).join('\n') : `Nothing of ${name} has changed.`)
}

function required(file: string, name: string): string {
  if (file !== '') return file
  throw new NnError('invalid_argument', `Name a file: /${name} file`)
}
