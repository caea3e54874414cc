import {createInterface, type Interface} from 'node:readline'
import {bracketedPaste, Keyboard, withoutMarks} from './keyboard.js'
import type {Output} from '../terminal/style.js'

/** What the user did at a prompt. */
export type Typed =
  | {kind: 'line'; text: string}
  /** Ctrl-C, which discards the line. */
  | {kind: 'interrupt'; hadText: boolean}
  /** Ctrl-D, or the terminal was closed. */
  | {kind: 'end'}

export interface LineEditorOptions {
  input: NodeJS.ReadStream
  output: Output
  /** Lines for Up and Down, the newest first; the editor adds to it. */
  history: string[]
  /** Called when it did. */
  onHistory: () => void
  complete: (line: string) => [completions: string[], part: string]
}

/** Edits one line at a time on a terminal; between two lines it watches for Ctrl-C and keeps what is typed ahead. */
export class LineEditor implements Disposable {
  /** Called for Ctrl-C while no line is being read. */
  onInterrupt: () => void = () => undefined

  private readonly keyboard: Keyboard
  private readonly editor: Interface
  private resolveLine: ((typed: Typed) => void) | undefined
  private hasEnded = false

  constructor(private readonly options: LineEditorOptions) {
    const {input, output, history, onHistory, complete} = options
    this.keyboard = new Keyboard((raw) => void input.setRawMode(raw))
    this.editor = createInterface({
      input: this.keyboard,
      output,
      terminal: true,
      history,
      historySize: history.length + 10_000,
      completer: complete,
    })
    output.write(bracketedPaste.on)
    this.editor.on('line', (text) => this.resolveLine?.({kind: 'line', text: withoutMarks(text)}))
    this.editor.on('history', onHistory)
    this.editor.on('close', () => this.end())
    this.editor.on('SIGCONT', () => {
      output.write(bracketedPaste.on)
      this.editor.resume()
    })
    this.keyboard.on('text', (text: string) => this.editor.write(text))
    this.keyboard.on('interrupt', () => this.interrupt())
    // A closed terminal counts as an end; SIGHUP is handled elsewhere.
    input.on('error', () => this.end())
    input.pipe(this.keyboard)
  }

  /** Reads one line. */
  async read(prompt: string): Promise<Typed> {
    if (this.hasEnded) return {kind: 'end'}
    this.editor.setPrompt(prompt)
    this.editor.prompt()
    const typed = await new Promise<Typed>((resolve) => {
      this.resolveLine = resolve
      this.keyboard.open()
    })
    this.resolveLine = undefined
    return typed
  }

  /** Restores the terminal. */
  [Symbol.dispose](): void {
    const {input, output} = this.options
    input.unpipe(this.keyboard)
    this.editor.close()
    input.pause()
    output.write(bracketedPaste.off)
  }

  private interrupt(): void {
    if (this.resolveLine === undefined) {
      this.onInterrupt()
      return
    }
    const hadText = this.editor.line !== ''
    this.editor.write(null, {ctrl: true, name: 'e'})
    this.editor.write(null, {ctrl: true, name: 'u'})
    this.resolveLine({kind: 'interrupt', hadText})
  }

  private end(): void {
    this.hasEnded = true
    this.resolveLine?.({kind: 'end'})
  }
}
