import {fstatSync, statSync, type BigIntStats} from 'node:fs'
import {NnError} from '../../errors.js'
import {draftOf} from '../../system/append-file.js'
import {standardInput} from '../input/open-input.js'
import {findOutput, lockPath} from './find-output.js'
import {recordPath} from './record-of-run.js'

/** What a batch reads, by what it is. Absent ones were not given. */
export type Sources = Readonly<Record<string, string | undefined>>

/**
 * Refuses an output that would destroy what the batch is made from, by whatever name that goes; nothing is opened.
 * @throws `invalid_argument`, also for what is no file.
 */
export function checkOutput(name: string, sources: Sources): void {
  if (name === standardInput) {
    throw new NnError('invalid_argument', '--output must be a file, because --resume needs one; got -.', {
      hint: 'Example: --output results.jsonl',
    })
  }
  const {file} = findOutput(name)
  const beside = [lockPath(file), recordPath(file), draftOf(recordPath(file)), draftOf(file)]
  for (const [what, source] of Object.entries(sources)) {
    const read = source === undefined ? undefined : identityOf(source)
    if (read === undefined) continue
    const written = [file, ...beside].find((one) => isSame(read, statSync(one, {bigint: true, throwIfNoEntry: false})))
    if (written === undefined) continue
    const role = written === file ? `--output ${name}` : `${written} (which a batch writes beside its output)`
    throw new NnError('invalid_argument', `${role} is ${what}, which would be overwritten.`, {
      hint: 'Write to another file.',
    })
  }
}

/** `undefined` for what is not there, which whoever reads it tells. */
function identityOf(source: string): BigIntStats | undefined {
  try {
    // A shell may have put any file at standard input.
    return source === standardInput ? fstatSync(0, {bigint: true}) : statSync(source, {bigint: true})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}

function isSame(one: BigIntStats, other: BigIntStats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev
}
