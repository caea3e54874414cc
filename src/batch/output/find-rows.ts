import {findOutput, stateOf} from './find-output.js'
import {checkUnchanged, readRecord, type RunRecord} from './record-of-run.js'
import {noRows, scanRows, type StoredRows} from './stored-rows.js'

/**
 * The rows of an output that this run would continue; changes nothing.
 * @throws `invalid_argument` like resuming would.
 */
export function findRows(name: string, run: Pick<RunRecord, 'input' | 'settings'>): StoredRows {
  const {file} = findOutput(name)
  const {isEmpty, isBegun} = stateOf(file)
  if (!isBegun) return noRows()
  checkUnchanged(file, readRecord(file), run)
  return isEmpty ? noRows() : scanRows(file)
}
