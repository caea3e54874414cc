import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {EngineChild} from '../../../../src/backend/engine/host/engine-child.js'
import {suite} from '../../../support/suite.js'

const test = suite('the process of an engine', {timeoutMs: 20_000})

const oldDriver = fileURLToPath(new URL('../../../support/hooks/old-driver.mjs', import.meta.url))

for (const how of ['stderr', 'log']) {
  test(`a driver that is too old is the reason of its end, and the hint says what to do: ${how}`, async (t) => {
    const {NODE_OPTIONS: before} = process.env
    process.env.NODE_OPTIONS = `--import=${oldDriver}`
    process.env.OLD_DRIVER = how
    t.after(() => {
      if (before === undefined) delete process.env.NODE_OPTIONS
      else process.env.NODE_OPTIONS = before
      delete process.env.OLD_DRIVER
    })
    const child = new EngineChild(1)
    t.after(() => child.end())
    const {message, hint} = (await child.died).error
    assert.match(message, /ended by SIGABRT: CUDA error: the provided PTX was compiled/)
    assert.match(hint ?? '', /supports CUDA 13\.1.*CMAKE_CUDA_ARCHITECTURES=90-real.*docs\/gpu\.md/)
  })
}
