import {Args, Flags} from '@oclif/core'
import type {BatchSummary, InputCheck} from '../batch/summary.js'
import {keepHeapSmall} from '../batch/small-heap.js'
import {NnError} from '../errors.js'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags} from '../cli/config-flags.js'
import {socketFlag} from '../cli/socket-flag.js'
import {socketPath} from '../rpc/socket-path.js'

/** Exit code when some items failed. */
const someFailed = 4

/** Exit code for an input without items. */
const nothingSelected = 6

export default class Batch extends BaseCommand {
  static override summary = 'Answer many prompts, one row of JSON for each.'
  static override description = `Reads lines of JSON (or CSV, or a list in YAML), answers each as a conversation of its own, and adds a row to the output as soon as it is done. What was done stays: --resume goes on after whatever ended the run (docs/batch.md).

Exit codes: 0 all answered, 4 some items failed (their rows say why), 3 the engine failed or no daemon is running, 2 a file, flag or item is not usable (nothing was run) or standard output cannot be written (the rows are in the output), 6 the input has no items, 129, 130 and 143 ended by SIGHUP, SIGINT and SIGTERM.`
  static override examples = [
    '<%= config.bin %> batch prompts.jsonl --model model.gguf --output results.jsonl',
    '<%= config.bin %> batch prompts.jsonl --model model.gguf --output results.jsonl --resume --retry-errors',
    '<%= config.bin %> batch cities.csv --template question.txt --model-name qwen --output results.jsonl',
    '<%= config.bin %> batch prompts.jsonl --model model.gguf --dry-run',
    'make-prompts | <%= config.bin %> batch - --model model.gguf --output results.jsonl --max-errors 5%',
  ]
  static override args = {
    input: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'File with an item on each line (.csv, .yaml, .json and .txt otherwise); - is standard input.',
    }),
  }
  static override flags = {
    output: Flags.string({char: 'o', description: 'File that rows are added to.', helpValue: 'file'}),
    model: Flags.string({char: 'm', description: "GGUF file. Defaults to the daemon's model.", helpValue: 'path'}),
    'model-name': Flags.string({
      exclusive: ['model'],
      description: 'Use the model that the daemon calls so.',
      helpValue: 'name',
    }),
    local: Flags.boolean({description: 'Load the model here, also when the daemon has it.'}),
    ...socketFlag,
    ...configFlags,
    template: Flags.string({
      description: "File with a prompt whose {{variables}} are the items' fields.",
      helpValue: 'file',
    }),
    concurrency: Flags.integer({
      min: 1,
      max: 1024,
      description: "Items that are answered together. Defaults to the model's decode slots.",
    }),
    order: Flags.option({options: ['input', 'completion'] as const, default: 'input' as const})({
      description: 'Order of the rows.',
    }),
    deterministic: Flags.boolean({
      allowNo: true,
      description:
        'Compute each item in batches of its own, so that others cannot change its text. Defaults to yes at temperature 0.',
    }),
    retries: Flags.integer({min: 0, default: 2, description: 'Try again so many times when the engine fails.'}),
    timeout: Flags.integer({
      min: 10,
      max: 86_400_000,
      description:
        'Milliseconds for an item that sets no timeout_ms. Defaults to backend.default_task_timeout_ms, which is no limit unless it is set.',
    }),
    'max-errors': Flags.string({
      description: 'Stop after more failures than n, or than p percent of 100 or more items.',
      helpValue: 'n|p%',
    }),
    limit: Flags.integer({min: 1, description: 'Only so many items, from the first on.'}),
    strict: Flags.boolean({description: 'Start nothing if any item is not usable.'}),
    'dry-run': Flags.boolean({description: 'Check the input and the flags, and answer nothing.'}),
    resume: Flags.boolean({description: 'Go on with an output of the same input and settings.'}),
    'retry-errors': Flags.boolean({dependsOn: ['resume'], description: 'Answer items again that failed.'}),
    overwrite: Flags.boolean({exclusive: ['resume'], description: 'Give up what the output has.'}),
  }

  async run(): Promise<BatchSummary | InputCheck> {
    const {args, flags} = await this.parse(Batch)
    const {input} = args
    const {signal} = this
    const messages = process.stderr
    // What is said about a batch is not worth losing it for.
    messages.on('error', () => undefined)
    keepHeapSmall()
    const {answerBatch, checkBatch, checkOutput, parseErrorLimit, prepareModel, Template, renderCheck, renderSummary} =
      await import('../batch/index.js')
    const {config, set, concurrency, local, output} = flags
    const sources = {'the input': input, 'the model': flags.model, 'the template': flags.template}
    if (output !== undefined) checkOutput(output, {...sources, 'the configuration': config})
    const maxErrors = flags['max-errors']
    const errorLimit = maxErrors === undefined ? undefined : parseErrorLimit(maxErrors)
    const template = flags.template === undefined ? undefined : Template.read(flags.template)
    if (input === '-') refuseForStandardInput(flags)
    await using prepared = await prepareModel({
      ...{model: flags.model, modelName: flags['model-name'], local, socket: socketPath(flags.socket)},
      ...{config: {config, set}, concurrency, progress: messages, signal},
    })
    const check = {input, prepared, template, deterministic: flags.deterministic as boolean | undefined}
    const common = {...check, limit: flags.limit, messages, signal}
    const {resume, overwrite, strict, order, retries} = flags
    const how = {resume, overwrite, retryErrors: flags['retry-errors']}
    if (flags['dry-run']) {
      const checked = await checkBatch(common, resume ? {output: named(output), how} : undefined)
      if (checked.items === 0) this.refuseNothing()
      this.log(renderCheck(checked))
      if (checked.faulty > 0) process.exitCode = flags.strict ? 2 : someFailed
      return checked
    }
    const summary = await answerBatch({
      ...common,
      ...{output: named(output), how},
      ...{strict, concurrency, order, retries, timeoutMs: flags.timeout, errorLimit},
    })
    if (summary === undefined) this.refuseNothing()
    this.logToStderr(renderSummary(summary))
    if (summary.failed + summary.skipped_failed > 0) process.exitCode = someFailed
    return summary
  }

  private refuseNothing(): never {
    this.error('The input has no items: there is nothing to answer.', {exit: nothingSelected})
  }
}

function named(output: string | undefined): string {
  if (output !== undefined) return output
  throw new NnError('invalid_argument', 'No output is named.', {hint: 'As in: --output results.jsonl'})
}

/** What comes from standard input cannot be looked at before, nor again. */
function refuseForStandardInput(flags: {strict: boolean; resume: boolean; 'dry-run': boolean}): void {
  const flag = flags.resume ? 'resume' : flags.strict && !flags['dry-run'] ? 'strict' : undefined
  if (flag === undefined) return
  throw new NnError('invalid_argument', `--${flag} needs an input that can be read twice, and standard input cannot.`, {
    hint: 'Write it to a file first.',
  })
}
