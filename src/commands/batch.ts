import {Args, Flags} from '@oclif/core'
import type {BatchSummary, InputCheck} from '../batch/summary.js'
import {keepHeapSmall} from '../batch/small-heap.js'
import {NnError} from '../errors.js'
import {BaseCommand} from '../cli/base-command.js'
import {configFlags} from '../cli/config-flags.js'
import {formerModelFlags} from '../cli/model-flag.js'
import {socketFlag} from '../cli/socket-flag.js'
import {socketPath} from '../rpc/socket-path.js'

/** Exit code when some items failed. */
const someFailed = 4

/** Exit code for an input without items. */
const nothingSelected = 6

export default class Batch extends BaseCommand {
  static override summary = 'Answer many prompts and write one JSON row per prompt.'
  static override description = `Reads JSON lines, CSV or a YAML list. Each item is a conversation of its own and gets a row in the output as soon as it is answered. --resume continues after any interruption (docs/batch.md).

Exit codes: 0 all answered; 4 some items failed (their rows say why); 3 the engine failed or no daemon is running; 2 a file, flag or item is not usable (nothing was run), or standard output cannot be written (the rows are in the output); 6 the input has no items; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM.`
  static override examples = [
    '<%= config.bin %> batch prompts.jsonl --model model.gguf --output results.jsonl',
    '<%= config.bin %> batch prompts.jsonl --model model.gguf --output results.jsonl --resume --retry-errors',
    '<%= config.bin %> batch cities.csv --template question.txt --model qwen --output results.jsonl',
    '<%= config.bin %> batch prompts.jsonl --model model.gguf --dry-run',
    'make-prompts | <%= config.bin %> batch - --model model.gguf --output results.jsonl --max-errors 5%',
  ]
  static override renamedFlags = formerModelFlags
  static override args = {
    input: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'File with one JSON item per line, or a .csv, .yaml, .json or .txt file; - reads standard input.',
    }),
  }
  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'Append the result rows to this file. Required, except with --dry-run.',
      helpValue: 'file',
    }),
    model: Flags.string({
      char: 'm',
      description: "Path of a GGUF file, or the name of a model in the daemon. Defaults to the daemon's only model.",
      helpValue: 'model',
    }),
    local: Flags.boolean({description: 'Load the model here even if the daemon has it.'}),
    ...socketFlag,
    ...configFlags,
    template: Flags.string({
      description: 'File with a prompt that has {{variables}}; each stands for a field of the item.',
      helpValue: 'file',
    }),
    delimiter: Flags.string({
      description: 'The character between the fields of a .csv file, or tab. Defaults to a comma.',
      helpValue: 'character',
    }),
    concurrency: Flags.integer({
      min: 1,
      max: 1024,
      description: "Number of items to answer together. Defaults to the number of the model's decode slots.",
    }),
    order: Flags.option({options: ['input', 'completion'] as const, default: 'input' as const})({
      description: 'Order of the rows.',
    }),
    deterministic: Flags.boolean({
      allowNo: true,
      description:
        'Decode each item alone, so that other items cannot change its text. On by default at temperature 0.',
    }),
    retries: Flags.integer({min: 0, default: 2, description: 'Retry an item this many times after an engine failure.'}),
    timeout: Flags.integer({
      min: 10,
      max: 86_400_000,
      description:
        'Time limit in milliseconds of an item that sets no timeout_ms. Defaults to backend.default_task_timeout_ms, which is no limit unless it is set.',
    }),
    'max-errors': Flags.string({
      description: 'Stop after more than N failed items, or after more than P percent of at least 100 items.',
      helpValue: 'N|P%',
    }),
    limit: Flags.integer({min: 1, description: 'Answer only the first N items.'}),
    strict: Flags.boolean({description: 'Start nothing if an item is not usable.'}),
    'dry-run': Flags.boolean({description: 'Check the input and the flags; answer nothing.'}),
    resume: Flags.boolean({description: 'Continue an output of the same input and settings.'}),
    'retry-errors': Flags.boolean({dependsOn: ['resume'], description: 'With --resume: run failed items again.'}),
    overwrite: Flags.boolean({exclusive: ['resume'], description: 'Discard the rows that the output has.'}),
  }

  async run(): Promise<BatchSummary | InputCheck> {
    const {args, flags} = await this.parse(Batch)
    const {input} = args
    const {signal} = this
    const messages = process.stderr
    // An error of the display must not end the batch.
    messages.on('error', () => undefined)
    keepHeapSmall()
    const {
      answerBatch,
      checkBatch,
      checkOutput,
      checkSource,
      parseDelimiter,
      parseErrorLimit,
      prepareModel,
      Template,
      renderCheck,
      renderSummary,
    } = await import('../batch/index.js')
    const {config, set, concurrency, local, output} = flags
    checkSource(input)
    const sources = {'the input': input, 'the model': flags.model, 'the template': flags.template}
    if (output !== undefined) checkOutput(output, {...sources, 'the configuration': config})
    const delimiter = flags.delimiter === undefined ? undefined : parseDelimiter(flags.delimiter, input)
    const maxErrors = flags['max-errors']
    const errorLimit = maxErrors === undefined ? undefined : parseErrorLimit(maxErrors)
    const template = flags.template === undefined ? undefined : Template.read(flags.template)
    if (input === '-') refuseForStandardInput(flags)
    await using prepared = await prepareModel({
      ...{model: flags.model, local, socket: socketPath(flags.socket)},
      ...{config: {config, set}, concurrency, progress: messages, signal},
    })
    const check = {input, delimiter, prepared, template, deterministic: flags.deterministic as boolean | undefined}
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
    this.error('The input has no items.', {exit: nothingSelected})
  }
}

function named(output: string | undefined): string {
  if (output !== undefined) return output
  throw new NnError('invalid_argument', '--output is missing.', {hint: 'Example: --output results.jsonl'})
}

/** Standard input cannot be checked before the run, or read again. */
function refuseForStandardInput(flags: {strict: boolean; resume: boolean; 'dry-run': boolean}): void {
  const flag = flags.resume ? 'resume' : flags.strict && !flags['dry-run'] ? 'strict' : undefined
  if (flag === undefined) return
  throw new NnError('invalid_argument', `--${flag} reads the input twice, which standard input does not allow.`, {
    hint: 'Write it to a file first.',
  })
}
