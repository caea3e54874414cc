import {statSync, type BigIntStats} from 'node:fs'
import {stat} from 'node:fs/promises'
import {systemReason} from '../../errors.js'
import {contentDigest, contentIdentity, contentSample} from '../../system/file-digest.js'

/** How a model's file is no longer the one that was loaded. */
export interface FileChange {
  /**
   * `replaced`: another file has the name. `overwritten`: the file itself has other contents, which a model that maps it
   * sees. `missing` and `unreadable`: nothing can be compared.
   */
  kind: 'replaced' | 'overwritten' | 'missing' | 'unreadable'
  file: string
  /** What happened, as the end of a sentence that begins with the file. */
  what: string
}

/** The files of a loaded model: whether they still have what was loaded. */
export class ModelFiles {
  /** What is known of the present state of the files, so that contents are compared once for each change. */
  private known: {identity: string; isWhole: boolean; change: FileChange | undefined}
  private readonly sample: Promise<string | undefined>

  private constructor(
    readonly files: readonly string[],
    /** Identifies the contents: the state of the files when they were loaded. */
    readonly content: string,
    private readonly before: readonly BigIntStats[],
    /** SHA-256 of the contents, if it is known. */
    private readonly digest: string | undefined,
  ) {
    this.known = {identity: content, isWhole: true, change: undefined}
    this.sample = this.takeSample()
  }

  /** Looks at the files as they are now. @param digest SHA-256 of their contents, if it is known */
  static async of(files: readonly string[], digest?: string): Promise<ModelFiles> {
    const content = await contentIdentity(files)
    const before = await Promise.all(files.map((file) => stat(file, {bigint: true})))
    return new ModelFiles(files, content, before, digest)
  }

  /** `undefined` if the files changed before it was taken, or cannot be read. */
  private async takeSample(): Promise<string | undefined> {
    try {
      const sample = await contentSample(this.files)
      return (await contentIdentity(this.files)) === this.content ? sample : undefined
    } catch {
      // The next look at the files reports the reason.
      return undefined
    }
  }

  /**
   * Whether the files have other contents than when they were loaded. As long as nobody wrote to them or moved them, this
   * costs a look at each. Otherwise a sample of the contents decides, and with `whole` the checksum of all, where it was
   * known: a file that was only touched or copied back has not changed.
   */
  async change({whole = false} = {}): Promise<FileChange | undefined> {
    let identity: string
    try {
      identity = await contentIdentity(this.files)
    } catch (error) {
      return this.findUnreadable(error)
    }
    const {known} = this
    if (known.identity === identity && (known.isWhole || !whole)) return known.change
    const change = await this.compare(whole)
    this.known = {identity, isWhole: whole, change}
    return change
  }

  /** Whether a file was written to or moved, whatever it contains now. */
  isTouched(): boolean {
    return this.files.some((file, index) => {
      const now = statSync(file, {bigint: true, throwIfNoEntry: false})
      const before = this.before[index]
      return now === undefined || before === undefined || !isSameState(now, before)
    })
  }

  private async compare(whole: boolean): Promise<FileChange | undefined> {
    try {
      const now = await Promise.all(this.files.map((file) => stat(file, {bigint: true})))
      if (await this.hasSameContents(now, whole)) return undefined
      const at = now.findIndex((each, index) => {
        const before = this.before[index]
        return before === undefined || !isSameState(each, before)
      })
      return describe(this.files[at] ?? '', this.before[at], now[at])
    } catch (error) {
      return this.findUnreadable(error)
    }
  }

  private async hasSameContents(now: readonly BigIntStats[], whole: boolean): Promise<boolean> {
    if (now.some(({size}, index) => size !== this.before[index]?.size)) return false
    const sample = await this.sample
    if (sample === undefined || (await contentSample(this.files)) !== sample) return false
    return !whole || this.digest === undefined || (await contentDigest(this.files)) === this.digest
  }

  private async findUnreadable(error: unknown): Promise<FileChange> {
    for (const file of this.files) {
      const reason = await stat(file).then(() => undefined, String)
      if (reason !== undefined) return unreadable(file, error)
    }
    return unreadable(this.files[0] ?? '', error)
  }
}

function unreadable(file: string, error: unknown): FileChange {
  const {code} = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return {kind: 'missing', file, what: 'was removed or renamed'}
  return {kind: 'unreadable', file, what: `can no longer be read: ${systemReason(error)}`}
}

function isSameState(one: BigIntStats, other: BigIntStats): boolean {
  return (['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).every((field) => one[field] === other[field])
}

function describe(file: string, before: BigIntStats | undefined, now: BigIntStats | undefined): FileChange {
  const kind = before?.dev === now?.dev && before?.ino === now?.ino ? 'overwritten' : 'replaced'
  const state = (stats: BigIntStats | undefined): string => `${stats?.size} bytes of ${stats?.mtime.toISOString()}`
  return {kind, file, what: `was ${kind}: it had ${state(before)}, and now has ${state(now)}`}
}
