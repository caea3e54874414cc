import type {StateEvent} from '../engine/protocol.js'
import {describeState} from '../engine/state-files.js'
import {toNnError} from '../../errors.js'
import type {Logger} from '../logging/logger.js'

/** Writes beside saved caches what they are, so that a later engine can use them. */
export class CacheDescriptions {
  private readonly writing = new Set<Promise<void>>()

  constructor(
    private readonly withChecksum: boolean,
    private readonly logger: Logger,
  ) {}

  /** Does not wait. Without its description a cache is only known to the engine that has saved it. */
  add(event: Extract<StateEvent, {type: 'saved'}>): void {
    const work = describeState(event, this.withChecksum).catch((error: unknown) => {
      // A cache that was superseded meanwhile has no file any more.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      this.logger.log('warn', 'MEM', 'saved cache not described', {file: event.file, reason: toNnError(error).message})
    })
    this.writing.add(work)
    void work.finally(() => this.writing.delete(work))
  }

  /** Resolves when all are written. */
  async idle(): Promise<void> {
    while (this.writing.size > 0) await Promise.all(this.writing)
  }
}
