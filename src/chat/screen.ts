import path from 'node:path'
import type {OutputMetadata} from '../backend/contract/types.js'
import type {NnError} from '../errors.js'
import type {GraphStatus} from '../backend/contract/status.js'
import {sanitize} from '../terminal/sanitize.js'
import {statsLine} from './stats.js'
import {paint, type Output} from '../terminal/style.js'
import {TransientLine} from '../terminal/transient-line.js'
import {plural} from '../terminal/units.js'

/** The output of a chat. Answers go to `out`, everything else to `err`. */
export class Screen {
  constructor(
    readonly out: Output,
    readonly err: Output,
  ) {}

  /** Shows the model and how to get help. */
  greet({name, architecture, parameters, ctx_size: contextSize, gpu_layers: gpuLayers, gpu}: GraphStatus): void {
    const where = gpuLayers > 0 ? `${plural(gpuLayers, 'layer')} on ${gpu ?? 'the GPU'}` : 'CPU'
    const facts = [path.basename(name), architecture, `${size(parameters)} parameters`, `${contextSize} tokens`, where]
    this.note(facts.join(' · '))
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
    const lines = sanitize(text).split('\n')
    this.out.write(`${lines.map((line) => wrap(line, this.out.columns)).join('\n')}\n`)
  }

  newLine(): void {
    this.out.write('\n')
  }

  note(text: string): void {
    this.err.write(`${paint(this.err, 'dim', sanitize(text))}\n`)
  }

  stats(metadata: OutputMetadata): void {
    this.note(statsLine(metadata))
  }

  fail({message, hint}: Pick<NnError, 'message' | 'hint'>): void {
    this.err.write(`${paint(this.err, 'red', sanitize(message))}\n`)
    if (hint !== undefined) this.err.write(`${sanitize(hint)}\n`)
  }

  beginAnswer(): AnswerView {
    return new AnswerView(this.out)
  }
}

/** One answer while it is written. */
class AnswerView implements Disposable {
  private readonly waiting: TransientLine
  private atLineStart = true

  constructor(private readonly out: Output) {
    this.waiting = new TransientLine(out, 'thinking…')
  }

  add(text: string): void {
    if (text === '') return
    this.waiting[Symbol.dispose]()
    this.atLineStart = text.endsWith('\n')
    this.out.write(sanitize(text))
  }

  /** Leaves the cursor at the start of a line. */
  end(): void {
    this.waiting[Symbol.dispose]()
    if (!this.atLineStart) this.out.write('\n')
    this.atLineStart = true
  }

  [Symbol.dispose](): void {
    this.end()
  }
}

/** `7.6 B`, `891 k`. */
function size(parameters: number): string {
  return new Intl.NumberFormat('en', {notation: 'compact', maximumFractionDigits: 1}).format(parameters)
}

/** Wraps a line between words. The terminal wraps text without spaces, and everything if the width is unknown. */
function wrap(line: string, width: number): string {
  const at = line.lastIndexOf(' ', width)
  if (line.length <= width || at < 1) return line
  return `${line.slice(0, at)}\n${wrap(line.slice(at + 1), width)}`
}
