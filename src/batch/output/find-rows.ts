import {findOutput, stateOf} from './find-output.js'
import {checkUnchanged, readRecord, type RunRecord} from './record-of-run.js'
import {noRows, scanRows, type StoredRows} from './stored-rows.js'

/**
 * What an output has that such a run would go on with; nothing is changed.
 * @throws `invalid_argument` as opening it and going on would.
 */
export function findRows(name: string, run: Pick<RunRecord, 'input' | 'settings'>): StoredRows {
  const {file} = findOutput(name)
  const {isEmpty, isBegun} = stateOf(file)
  if (!isBegun) return noRows()
  checkUnchanged(file, readRecord(file), run)
  return isEmpty ? noRows() : scanRows(file)
}
