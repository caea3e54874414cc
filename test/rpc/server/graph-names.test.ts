import * as assert from 'uvu/assert'
import type {LocalCore} from '../../../src/backend/index.js'
import {GraphNames} from '../../../src/rpc/server/graph-names.js'
import {rejects} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'

const test = suite('names of shared models')

test('a name that is being loaded cannot be unloaded: one has to wait', async () => {
  const names = new GraphNames({graphs: () => Promise.resolve([])} as unknown as LocalCore)
  let load: (text: string) => void = () => undefined
  const first = names.holding('a', () => new Promise<string>((resolve) => (load = resolve)))
  const {reason, hint} = await rejects(
    names.holding('a', () => Promise.resolve('second')),
    'invalid_argument',
    /^A model named a is being loaded\.$/,
  )
  assert.equal([reason, hint], ['name_taken', 'Try again when it is loaded, or choose another --name.'])
  load('first')
  assert.is(await first, 'first')
  assert.is(await names.holding('a', () => Promise.resolve('third')), 'third')
})
