import {writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {DiskReport, writtenFolders} from '../../../src/backend/host/disk-report.js'
import {ManualClock} from '../../support/manual-clock.js'
import {suite} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('report of the disks')

test('looks every ten seconds at most, and a look that fails is a problem', async () => {
  const clock = new ManualClock()
  let looks = 0
  const report = new DiskReport(
    {state: '/s', temporary: '/t'},
    (folder) => {
      looks++
      if (folder === '/s') throw new Error('It is gone.')
      return Promise.resolve({path: folder, free_bytes: 5, free_inodes: null, problem: null})
    },
    clock,
  )
  const found = await report.look()
  assert.equal(
    found.map(({use, problem}) => [use, problem]),
    [
      ['state', 'It is gone.'],
      ['temporary', null],
    ],
  )
  await clock.advance(9999)
  await report.look()
  assert.is(looks, 2)
  await clock.advance(1)
  await report.look()
  assert.is(looks, 4)
})

test('a log that is a terminal, a device or nothing needs no disk', (t) => {
  const file = path.join(temporaryFolder(t), 'log')
  writeFileSync(file, '')
  assert.is(writtenFolders(undefined, undefined, file).log, path.dirname(file))
  for (const other of ['', '/dev/full', '/dev/null'])
    assert.is(writtenFolders(undefined, undefined, other).log, undefined)
  assert.equal(Object.keys(writtenFolders('/s', '/c', '')), ['state', 'caches', 'temporary'])
})
