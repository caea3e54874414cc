import {fstatSync, statSync, type BigIntStats} from 'node:fs'
import {NnError} from '../../errors.js'
import {draftOf} from '../../system/append-file.js'
import {partsOf} from '../../system/split-files.js'
import {standardInput} from '../input/open-input.js'
import {findOutput, lockPath} from './find-output.js'
import {recordPath} from './record-of-run.js'

/** The files that a batch reads, by role. Absent: not given. */
export type Sources = Readonly<Record<string, string | undefined>>

/**
 * Checks that the output does not overwrite a file that the batch reads, also by another name of it. Opens nothing.
 * @throws `invalid_argument`, also if it is not a regular file.
 */
export function checkOutput(name: string, sources: Sources): void {
  if (name === standardInput) {
    throw new NnError('invalid_argument', '--output must be a file, because --resume needs one; got -.', {
      hint: 'Example: --output results.jsonl',
    })
  }
  const {file} = findOutput(name)
  const beside = [lockPath(file), recordPath(file), draftOf(recordPath(file)), draftOf(file)]
  const all = Object.entries(sources).flatMap(([what, source]) =>
    source === undefined ? [] : partsOf(source).map((part) => ({what, part})),
  )
  for (const {what, part} of all) {
    const read = identityOf(part)
    if (read === undefined) continue
    const written = [file, ...beside].find((one) => isSame(read, statSync(one, {bigint: true, throwIfNoEntry: false})))
    if (written === undefined) continue
    const role = written === file ? `--output ${name}` : `${written} (which a batch writes beside its output)`
    throw new NnError('invalid_argument', `${role} is ${what}, which would be overwritten.`, {
      hint: 'Write to another file.',
    })
  }
}

/** `undefined` if it does not exist; reading it reports that. */
function identityOf(source: string): BigIntStats | undefined {
  try {
    // A shell may redirect any file to standard input.
    return source === standardInput ? fstatSync(0, {bigint: true}) : statSync(source, {bigint: true})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}

function isSame(one: BigIntStats, other: BigIntStats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev
}
