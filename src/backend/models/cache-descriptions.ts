import type {StateEvent} from '../engine/protocol.js'
import {describeState} from '../engine/state-files.js'
import {systemReason} from '../../errors.js'
import type {Logger} from '../logging/logger.js'

/** Writes the descriptions of saved caches, so that a later engine can use them. */
export class CacheDescriptions {
  private readonly writing = new Set<Promise<void>>()

  constructor(
    private readonly withChecksum: boolean,
    private readonly logger: Logger,
  ) {}

  /** Does not wait. Without a description, only the engine that saved a cache knows it. */
  add(event: Extract<StateEvent, {type: 'saved'}>): void {
    const work = describeState(event, this.withChecksum).catch((error: unknown) => {
      // A cache that was superseded in the meantime has no file.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      this.logger.log('warn', 'MEM', 'saved cache not described', {file: event.file, reason: systemReason(error)})
    })
    this.writing.add(work)
    void work.finally(() => this.writing.delete(work))
  }

  /** Resolves when all are written. */
  async idle(): Promise<void> {
    while (this.writing.size > 0) await Promise.all(this.writing)
  }
}
