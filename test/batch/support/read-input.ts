import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {openInput} from '../../../src/batch/input/open-input.js'
import type {InputRecord} from '../../../src/batch/input/record.js'
import type {TestContext} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

/** The records of an input with that name and contents. */
export async function readFile(t: TestContext, name: string, contents: string | Buffer): Promise<InputRecord[]> {
  const file = path.join(temporaryFolder(t), name)
  writeFileSync(file, contents)
  using input = openInput(file)
  const records: InputRecord[] = []
  for await (const record of input.records) records.push(record)
  return records
}

/** Lines and values, or what is wrong. */
export const brief = (records: readonly InputRecord[]): unknown[] =>
  records.map(({line, content}) => [line, 'fault' in content ? content.fault : content.value])
