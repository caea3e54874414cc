import path from 'node:path'
import type {OutputMetadata} from '../backend/contract/types.js'
import type {NnError} from '../errors.js'
import type {GraphStatus} from '../backend/contract/status.js'
import {facts, flow} from '../terminal/fit.js'
import {sanitize} from '../terminal/sanitize.js'
import {paint, type Format, type Output} from '../terminal/style.js'
import {TransientLine} from '../terminal/transient-line.js'
import {plural} from '../terminal/units.js'
import {wrapText} from '../terminal/word-wrap.js'
import type {Fact} from './chat.js'
import {AnswerText} from './answer-text.js'
import {statsParts} from './stats.js'

/** The output of a chat. Answers go to `out`, everything else to `err`. */
export class Screen {
  constructor(
    readonly out: Output,
    readonly err: Output,
  ) {}

  /** Shows the model and how to get help. */
  greet({name, architecture, parameters, ctx_size: contextSize, gpu_layers: gpuLayers, gpu}: GraphStatus): void {
    const where = gpuLayers > 0 ? `${plural(gpuLayers, 'layer')} on ${gpu ?? 'the GPU'}` : 'CPU'
    const about = [path.basename(name), architecture, `${size(parameters)} parameters`, `${contextSize} tokens`, where]
    this.flow(about)
    this.note('Type /help for the commands, Ctrl-D to leave.')
  }

  /** Shows which session this is. */
  greetSession(id: string, messages: number): void {
    this.note(
      messages === 0 ? `Session ${id} is new.` : `Session ${id} continues after ${plural(messages, 'message')}.`,
    )
  }

  prompt(isFirstLine: boolean): string {
    return paint(this.out, 'cyan', isFirstLine ? '> ' : '… ')
  }

  /** The answer to a command. */
  say(text: string): void {
    this.out.write(`${wrapText(sanitize(text), this.out.columns)}\n`)
  }

  /** Titles with their texts beside them. */
  show(rows: readonly Fact[]): void {
    const lines = facts(
      rows.map(([title, text]) => [sanitize(title), sanitize(text)]),
      this.out.columns || Infinity,
    )
    this.out.write(`${lines.join('\n')}\n`)
  }

  newLine(): void {
    this.out.write('\n')
  }

  note(text: string): void {
    this.remark(text, 'dim')
  }

  stats(metadata: OutputMetadata): void {
    this.flow(statsParts(metadata))
  }

  fail({message, hint}: Pick<NnError, 'message' | 'hint'>): void {
    this.remark(message, 'red')
    if (hint !== undefined) this.remark(hint)
  }

  beginAnswer(): AnswerView {
    return new AnswerView(this.out)
  }

  private flow(parts: readonly string[]): void {
    this.note(flow(parts, this.err.columns || Infinity).join('\n'))
  }

  private remark(text: string, format?: Format): void {
    const wrapped = wrapText(sanitize(text), this.err.columns)
    this.err.write(`${format === undefined ? wrapped : paint(this.err, format, wrapped)}\n`)
  }
}

/** One answer while it is written. */
class AnswerView implements Disposable {
  private readonly waiting: TransientLine
  private readonly text: AnswerText

  constructor(out: Output) {
    this.waiting = new TransientLine(out, 'thinking…')
    this.text = new AnswerText(out)
  }

  add(text: string): void {
    if (text === '') return
    this.waiting[Symbol.dispose]()
    this.text.add(text)
  }

  /** Leaves the cursor at the start of a line. */
  end(): void {
    this.waiting[Symbol.dispose]()
    this.text.end()
  }

  [Symbol.dispose](): void {
    this.end()
  }
}

/** `7.6 B`, `891 k`. */
function size(parameters: number): string {
  return new Intl.NumberFormat('en', {notation: 'compact', maximumFractionDigits: 1}).format(parameters)
}
