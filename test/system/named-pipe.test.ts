import {execFileSync} from 'node:child_process'
import {closeSync, constants, openSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {rejectNamedPipe} from '../../src/system/named-pipe.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('places to write a report')

test('a named pipe is rejected, unless this process has it open', (t) => {
  const pipe = path.join(temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  assert.throws(() => rejectNamedPipe('--output pipe', pipe), /^--output pipe is a named pipe\.$/)
  const descriptor = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  rejectNamedPipe('--output pipe', pipe)
  closeSync(descriptor)
  assert.throws(() => rejectNamedPipe('--output pipe', pipe))
})

test('files, new files and devices are not', (t) => {
  const file = path.join(temporaryFolder(t), 'report')
  rejectNamedPipe('x', file)
  writeFileSync(file, '')
  for (const name of [file, '/dev/null']) rejectNamedPipe('x', name)
})
