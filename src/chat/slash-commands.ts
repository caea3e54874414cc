import {NnError} from '../errors.js'
import {suggest} from '../documents/index.js'
import type {Chat} from './chat.js'
import {completeFile, completeWord} from './completion.js'
import {changeOption, noRawInstructions, optionKeys, optionNames, valueInForce} from './options.js'
import {loadChat, saveChat} from './saved-chat.js'
import {statsReport} from './stats.js'
import {plural} from '../terminal/units.js'

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

const toChatMode = 'Example: /set prompt_mode chat'

/** Everything that can be typed with a slash: `/help` and completion are made from it. */
export const slashCommands: readonly SlashCommand[] = [
  {name: 'help', alias: '?', summary: 'List the commands.', run: help},
  {
    name: 'clear',
    summary: 'Start a new conversation.',
    run: (chat) => {
      chat.conversation.clear()
      chat.say('New conversation.')
    },
  },
  {
    name: 'system',
    argument: '[text|off]',
    summary: 'Show, set or remove the system prompt.',
    run: ({conversation, say}, text) => {
      const {system_prompt: current, ...others} = conversation.options
      const {isRaw} = conversation
      if (text === '' && current !== undefined) say(isRaw ? `${current}\nRaw prompts are sent without it.` : current)
      else if (text === '') say('There is no system prompt.')
      else {
        if (isRaw && text !== 'off') throw new NnError('invalid_argument', noRawInstructions, {hint: toChatMode})
        conversation.options = text === 'off' ? others : {...others, system_prompt: text}
        say(text === 'off' ? 'The system prompt is removed.' : 'The system prompt is set.')
      }
    },
  },
  {
    name: 'set',
    argument: '[option [value|default]]',
    summary: 'Show or set options: /set temp 0.2',
    run: setOption,
    complete: (beginning) => completeWord(beginning, optionNames),
  },
  {
    name: 'stats',
    summary: 'Show tokens, times, cache use and how full the context is.',
    run: async ({conversation, model, say, show, contextTokens}) => {
      const last = conversation.last?.metadata
      if (last === undefined) {
        say('There is no answer yet.')
        return
      }
      const {ctx_size: size} = model.config.model
      const tokens = last.input_tokens + last.output_tokens <= size ? undefined : await contextTokens()
      show(statsReport(last, conversation.usage, {size, tokens}))
    },
  },
  {
    name: 'save',
    argument: 'file',
    summary: 'Write the conversation to a file (JSON).',
    run: async ({conversation, model, say}, file) => {
      const {options, messages, isRaw} = conversation
      if (isRaw && messages.length === 0) {
        throw new NnError('invalid_argument', 'There is nothing to save: raw prompts have no history.', {
          hint: toChatMode,
        })
      }
      const written = await saveChat(required(file, 'save'), {model: model.name, options, messages})
      say(`Saved ${plural(messages.length, 'message')} to ${written}.`)
    },
    complete: completeFile,
  },
  {
    name: 'load',
    argument: 'file',
    summary: 'Continue a saved conversation.',
    run: async ({conversation, model, say}, file) => {
      const {options, messages} = await loadChat(required(file, 'load'), model.config)
      conversation.restore(messages)
      conversation.options = options
      say(`Loaded ${plural(messages.length, 'message')}.`)
    },
    complete: completeFile,
  },
  {
    name: 'regen',
    summary: 'Answer the last prompt again.',
    run: async (chat) => {
      if (!(await chat.answerAgain())) chat.say('There is no prompt to answer yet.')
    },
  },
  {name: 'exit', alias: 'quit', summary: 'Leave the chat (also Ctrl-D).', run: (chat) => chat.leave()},
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
      meant === undefined ? 'See /help. Type two slashes to start a prompt with a slash.' : `Did you mean /${meant}?`,
  })
}

function help({say, show}: Chat): void {
  show(slashCommands.map((command) => [usageOf(command), command.summary]))
  const notes = [
    '',
    'A backslash at the end of a line continues the prompt. """ starts and ends a prompt of several lines.',
    'Alt-Enter adds a line break. Type two slashes to start a prompt with a slash.',
    'Ctrl-C stops an answer or clears the line; press it twice to leave.',
  ]
  say(notes.join('\n'))
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
  say(keys.length > 0 ? keys.map(show).join('\n') : `No option of ${name} is set.`)
}

function required(file: string, name: string): string {
  if (file !== '') return file
  throw new NnError('invalid_argument', `Usage: /${name} file`)
}
