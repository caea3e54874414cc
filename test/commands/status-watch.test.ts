import * as assert from 'uvu/assert'
import {startInTerminal} from '../chat/support/chat-process.js'
import {screenOf} from '../chat/support/screen-of.js'
import {DaemonHome} from '../daemon/support/daemon-home.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'

const test = suite('wnn status --watch on a terminal', {timeoutMs: 60_000})

const ctrlC = '\u0003'

test('fits the terminal, is redrawn in place, and leaves the cursor on a new line', async (t) => {
  const home = new DaemonHome(t)
  await home.serve('--model', qwen, '--set', 'threads=1')
  for (const name of ['alice', 'bob', 'carol']) await home.run('chat', '--session', name, '--prompt', 'Hello!')
  for (const size of [
    {columns: 80, rows: 24},
    {columns: 60, rows: 20},
  ]) {
    const argv = ['status', '--watch', '--interval', '50', '--socket', home.socket]
    const wnn = startInTerminal(t, argv, {NO_COLOR: '1'}, size)
    for (let drawn = 0; drawn < 3; drawn++) await wnn.until('daemon running for')
    wnn.type(ctrlC)
    const {code, stdout} = await wnn.ended
    assert.is(code, 130)
    assert.ok(stdout.endsWith('^C\r\n'))
    const rows = await screenOf(stdout, size)
    assert.ok(rows.length <= size.rows, 'nothing scrolled away')
    assert.is(rows.filter((row) => row.startsWith('daemon running')).length, 1)
    const whole = rows.join('\n')
    assert.match(whole, /^sessions +3 of 100/m)
    if (size.rows === 24) assert.match(whole, /^carol +2 +\S+ m?s +\d+ tokens \((own|other) slot\)$/m)
  }
  assert.is((await home.run('stop')).code, 0)
})
