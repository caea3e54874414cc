import {addonLogLevels} from './addon.js'
import type {LogTail} from './load.js'
import type {EngineLogLevel} from '../protocol.js'

/** Maximum number of kept lines; loading prints some hundreds. */
const keptLines = 2000

const ranks: Record<EngineLogLevel, number> = {
  debug: addonLogLevels.debug,
  info: addonLogLevels.info,
  warn: addonLogLevels.warn,
  error: addonLogLevels.error,
}

/** llama.cpp's log lines: passed on from a level up, and kept because some facts are only in them. */
export class EngineLog implements LogTail {
  private readonly lines: {level: EngineLogLevel; text: string}[] = []
  private unfinished = ''

  constructor(
    private readonly wanted: EngineLogLevel,
    private readonly pass: (level: EngineLogLevel, message: string) => void,
  ) {}

  /** A piece as llama.cpp prints it; a line may come in several. */
  add(rank: number, piece: string): void {
    const lines = (this.unfinished + piece).split('\n')
    this.unfinished = lines.pop() ?? ''
    for (const text of lines) if (text.trim() !== '') this.line(rank, text.trimEnd())
  }

  private line(rank: number, text: string): void {
    const level = levelOf(rank)
    if (this.lines.length < keptLines) this.lines.push({level, text})
    if (rank <= ranks[this.wanted]) this.pass(level, text)
  }

  /** The errors so far. They arrive through a queue, one turn of the event loop after the failure. */
  async errors(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 0))
    await new Promise((resolve) => setImmediate(resolve))
    return this.lines
      .filter(({level}) => level === 'error')
      .map(({text}) => text)
      .join('; ')
  }

  find(pattern: RegExp): RegExpExecArray | undefined {
    for (const {text} of this.lines) {
      const match = pattern.exec(text)
      if (match !== null) return match
    }
    return undefined
  }
}

function levelOf(rank: number): EngineLogLevel {
  if (rank <= addonLogLevels.error) return 'error'
  if (rank === addonLogLevels.warn) return 'warn'
  return rank <= addonLogLevels.info ? 'info' : 'debug'
}
