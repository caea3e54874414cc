import {realpathSync} from 'node:fs'
import path from 'node:path'
import {parseConfig} from '../config/index.js'
import {NnError} from '../errors.js'
import type {Frame} from './frame.js'
import {StepFault} from './step-fault.js'

/**
 * Suites come from other people, too: a scenario reads files only in its temporary folder and in that of its suite.
 * @throws `StepFault` for another file, symbolic links followed
 */
export function checkReads(file: string, frame: Frame): void {
  const folder = path.dirname(path.resolve(frame.run.testCase.suite.file))
  if (isWithin(file, temporaryFolder(frame)) || isWithin(file, folder)) return
  throw new StepFault(`${file} is neither in the scenario's temporary folder \${tmp} nor in ${folder}.`)
}

/** A log is appended to whatever is there, so in the working folder it must have the name of one. */
const logName = /\.(?:log|jsonl)$/

/**
 * A scenario writes files only in its temporary folder, and logs also in the folder that the program runs in.
 * @param config the text of a configuration, right or wrong
 * @throws `StepFault` for a log elsewhere
 */
export function checkWrites(config: string, frame: Frame): void {
  const file = logFile(config)
  const absolute = path.resolve(file)
  if (file === '' || isWithin(absolute, temporaryFolder(frame))) return
  if (logName.test(file) && isWithin(absolute, process.cwd())) return
  throw new StepFault(
    `logging.file is ${file}; a scenario may write only below \${tmp}, and *.log and *.jsonl below the working folder.`,
  )
}

function logFile(config: string): string {
  try {
    return parseConfig(config).config.logging.file
  } catch (error) {
    // It asks for strictness and has a mistake: the backend rejects it, too, before it writes anything.
    if (error instanceof NnError) return ''
    throw error
  }
}

function temporaryFolder({scope}: Frame): string {
  return String(scope.tmp)
}

function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(realpathSync(folder), realPathOf(file))
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

/** Of a file that does not exist: that of the nearest folder that does, and the rest of the name. */
function realPathOf(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    const parent = path.dirname(file)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === file) throw error
    return path.join(realPathOf(parent), path.basename(file))
  }
}
