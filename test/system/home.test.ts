import os from 'node:os'
import * as assert from 'uvu/assert'
import {expandHome} from '../../src/chat/saved-chat.js'
import {NnError} from '../../src/errors.js'
import {homeFolder, noHome} from '../../src/system/home.js'
import {suite} from '../support/suite.js'

const test = suite('home folder')

test('is that of the environment, else that of the user', () => {
  assert.is(homeFolder({HOME: '/h'}), '/h')
  assert.is(homeFolder({HOME: ''}), os.userInfo().homedir)
  assert.is(homeFolder({}), os.userInfo().homedir)
  assert.is(homeFolder({HOME: noHome}), undefined)
})

test('is what ~ stands for at the start of a path; without one that is an error', (t) => {
  const before = process.env['HOME']
  t.after(() => (before === undefined ? delete process.env['HOME'] : (process.env['HOME'] = before)))
  process.env['HOME'] = '/h'
  assert.equal(['~', '~/a/b', '/~/a', '/a~'].map(expandHome), ['/h', '/h/a/b', '/~/a', '/a~'])
  process.env['HOME'] = noHome
  assert.is(expandHome('/a'), '/a')
  assert.throws(
    () => expandHome('~/a'),
    (error: unknown) => error instanceof NnError && /no home folder/.test(error.message),
  )
})
