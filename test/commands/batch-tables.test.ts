import * as assert from 'uvu/assert'
import {suite} from '../support/suite.js'
import {Job} from '../batch/support/job.js'

const test = suite('wnn batch on tables')

test('a record that cannot be read takes no id from the next one', async (t) => {
  const job = new Job(t)
  const rows = 'id,prompt,max_tokens\n1,What is the capital of France?,10\n2,a,b,10\n"","a\xFF",10\n4,Hi,2\n'
  const input = job.file('in.csv', Buffer.from(rows, 'latin1'))
  const outcome = (): unknown[] => job.rows.map(({id, line, error}) => [id, line, error?.code])
  assert.is((await job.run(input)).code, 4)
  const expected = [
    ['1', 2, undefined],
    ['2', 3, 'invalid_argument'],
    [null, 4, 'invalid_argument'],
    ['4', 5, undefined],
  ]
  assert.equal(outcome(), expected)
  const {code, stderr} = await job.run(input, '--resume', '--retry-errors')
  assert.equal([code, /skipped +2, done earlier/.test(stderr)], [4, true], stderr)
  assert.equal(outcome(), [expected[0], expected[3], expected[1], expected[2]])
})

test('a semicolon file is read with --delimiter, which a resumed batch keeps', async (t) => {
  const job = new Job(t)
  const input = job.file('in.csv', 'sep=;\nid;prompt;max_tokens\n1;Hi;2\n')
  const without = await job.run(input, '--delimiter', ',')
  assert.equal([without.code, /--delimiter ';'/.test(without.stderr)], [2, true], without.stderr)
  assert.is((await job.run(input, '--delimiter', ';')).code, 0)
  assert.is((await job.run(input, '--delimiter', ';', '--resume')).code, 0)
  const other = await job.run(input, '--resume')
  assert.equal([other.code, /delimiter was ";" and is null/.test(other.stderr)], [2, true], other.stderr)
  assert.equal(
    job.rows.map(({id, line}) => [id, line]),
    [['1', 3]],
  )
})
