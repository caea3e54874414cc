import {addAbortSignal} from 'node:stream'
import {buffer as readAll} from 'node:stream/consumers'
import {Flags} from '@oclif/core'
import type {AnswerRequest, RenderedPrompt} from '../backend/contract/core.js'
import {BaseCommand} from '../cli/base-command.js'
import {formerModelFlags, givenModel, modelArgument, modelFlag} from '../cli/model-flag.js'
import {configFlags, readConfigFlags} from '../cli/config-flags.js'
import {rawRequest, renderRequest, renderTokens, unusedVariables} from '../cli/render-request.js'
import {socketFlag} from '../cli/socket-flag.js'
import {decodeText, readDocument} from '../documents/index.js'
import {openModel} from '../pick-model/open-model.js'
import {socketPath} from '../rpc/socket-path.js'
import {sanitize} from '../terminal/sanitize.js'
import {plural} from '../terminal/units.js'

/** What `wnn render --json` prints. */
type RenderResult = RenderedPrompt & {model: string}

export default class Render extends BaseCommand {
  static override summary = 'Show the prompt that a model would get. Nothing is answered.'
  static override description = `The conversation goes through the model's chat template, as for an answer. The prompt goes to standard output, exactly as it is; the number of its tokens goes to standard error.

Exit codes: 0 rendered; 2 a file or flag is not usable, or the template does not take the conversation; 3 the prompt does not fit, or the model could not be loaded.`
  static override examples = [
    '<%= config.bin %> render model.gguf --prompt "What is the capital of France?"',
    '<%= config.bin %> render model.gguf --system "Be brief." --prompt Hello --tokens',
    '<%= config.bin %> render model.gguf --messages conversation.json --tools tools.json',
    '<%= config.bin %> render model.gguf --prompt Hello --variable enable_thinking=false',
  ]
  static override renamedFlags = formerModelFlags
  static override args = {model: modelArgument}
  static override flags = {
    ...socketFlag,
    ...configFlags,
    model: modelFlag,
    prompt: Flags.string({char: 'p', description: 'The last message, by the user.', helpValue: 'text'}),
    system: Flags.string({description: 'The system prompt.', helpValue: 'text'}),
    messages: Flags.string({
      description: 'A JSON file with a list of messages, or with a request that has messages; - is standard input.',
      helpValue: 'file',
    }),
    tools: Flags.string({description: 'A JSON file with a list of tools for the template.', helpValue: 'file'}),
    variable: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'Set one variable of the template. Repeatable.',
      helpValue: 'name=value',
    }),
    tokens: Flags.boolean({description: 'Print the tokens, one a line: id and text.'}),
  }

  async run(): Promise<RenderResult> {
    const {args, flags} = await this.parse(Render)
    const files = {messages: await this.read(flags.messages), tools: await this.read(flags.tools)}
    const given = renderRequest({...flags, files, variables: flags.variable ?? []})
    const configFlag = (['config', 'set'] as const).find((flag) => flags[flag] !== undefined)
    await using opened = await openModel({
      ...{socket: socketPath(flags.socket), model: givenModel(args.model, flags.model)},
      ...{config: readConfigFlags(flags), configFlag, example: 'wnn render model.gguf --prompt Hello'},
      ...{progress: process.stderr, signal: this.signal},
    })
    const {core, model} = opened
    const isRaw = model.config.model.prompt_mode === 'raw'
    const request = isRaw ? rawRequest(given) : given
    const render = (one: AnswerRequest): Promise<RenderedPrompt> => core.render({graph: model.graph}, one)
    const rendered = await render(request)
    const {tokens, text, dropped_messages: dropped} = rendered
    const unused = isRaw ? [] : await unusedVariables(render, request, text)
    if (unused.length > 0) this.tell('note', `The prompt is the same without ${unused.join(' and ')}.`)
    if (!this.jsonEnabled()) {
      const end = process.stdout.isTTY && !text.endsWith('\n') ? '\n' : ''
      const shown = flags.tokens ? renderTokens(rendered) : text + end
      process.stdout.write(process.stdout.isTTY ? sanitize(shown) : shown)
      this.logToStderr(plural(tokens.length, 'token'))
      if (dropped > 0) {
        this.logToStderr(
          `Without the first ${plural(dropped, 'message')}, which the context of ${model.ctx_size} tokens has no room for.`,
        )
      }
    }
    return {model: model.name, ...rendered}
  }

  private async read(file: string | undefined): Promise<{name: string; text: string} | undefined> {
    if (file === undefined) return undefined
    if (file !== '-') return {name: file, text: readDocument(file)}
    const name = 'standard input'
    return {name, text: decodeText(await readAll(addAbortSignal(this.signal, process.stdin)), name)}
  }
}
