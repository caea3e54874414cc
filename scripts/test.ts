import {execFileSync} from 'node:child_process'
import {readdirSync, statSync, writeFileSync} from 'node:fs'
import {availableParallelism} from 'node:os'
import {join, relative} from 'node:path'
import {parseArgs} from 'node:util'
import {junitXml, type JunitCase} from '../src/suites/reporters/junit-xml.js'
import {laneOf, lanes, type Lane} from '../test/support/lanes.js'
import {runFile, runGroup, type FileResult} from '../test/support/run-file.js'
import {isBuildStale} from './stale.js'

const usage = 'npm test -- [paths…] [--lane unit|engine|e2e] [--grep regex] [--bail] [--shard i/n] [--junit file]'

/** This many small files share a process, because the start takes most of the time of each. */
const groupSize = 20

const {values: flags, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    lane: {type: 'string', multiple: true, default: [...lanes]},
    grep: {type: 'string'},
    bail: {type: 'boolean', default: false},
    shard: {type: 'string', default: '1/1'},
    junit: {type: 'string'},
  },
})

const files = shard(
  testFiles(positionals.length > 0 ? positionals : ['test']).filter((file) => wantedLanes().includes(laneOf(file))),
  flags.shard,
)
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

// Many tests run the built program.
if (isBuildStale()) {
  console.log('The sources are newer than the build: building.')
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/build.ts', '--no-types'], {stdio: 'inherit'})
}
const done = await runAll(files)
const results = done.flatMap((one) => one.results)
const faults = done.filter(({fault}) => fault !== undefined)
const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length
const failed = count('failed') + faults.length

printSlowest()
if (flags.junit !== undefined) writeFileSync(flags.junit, junitXml(done.map(toJunit)))
if (results.length === 0 && failed === 0) console.log(`No test matches.\n${usage}`)
const skipped = count('skipped')
console.log(`${count('passed')} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
if (failed > 0 || results.length === 0 || stop.signal.aborted) process.exitCode = 1

/** Files are taken whatever their names are; folders stand for the `*.test.ts` files in them. */
function testFiles(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path]
    const names = readdirSync(path, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.test.ts'))
    return names.map((name) => join(path, name))
  })
  return [...new Set(found)].sort()
}

function shard(all: string[], spec: string): string[] {
  const [index = 0, of = 0] = spec.split('/').map(Number)
  if (!(Number.isInteger(index) && Number.isInteger(of) && 1 <= index && index <= of)) {
    throw new Error(`--shard must be i/n with 1 <= i <= n, not "${spec}".`)
  }
  return all.filter((_file, position) => position % of === index - 1)
}

function wantedLanes(): readonly Lane[] {
  return flags.lane.map((name) => {
    const lane = lanes.find((each) => each === name)
    if (lane === undefined) throw new Error(`--lane must be one of ${lanes.join(', ')}, not "${name}".`)
    return lane
  })
}

async function runAll(files: readonly string[]): Promise<FileResult[]> {
  const finished: FileResult[] = []
  const waiting = jobsOf(files)
  const options = {grep: flags.grep, signal: stop.signal}
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined && !stop.signal.aborted; job = waiting.shift()) {
      const [only = '', ...others] = job
      const results = others.length === 0 ? [await runFile(only, options)] : await runGroup(job, options)
      finished.push(...results)
      results.forEach(print)
      if (flags.bail && results.some(isRed)) stop.abort()
    }
  }
  // Many tests wait for processes that they started, so one more than the cores can run.
  await Promise.all(Array.from({length: availableParallelism() + 1}, work))
  return finished.sort((a, b) => a.file.localeCompare(b.file))
}

/** The files of each process: those with a model or a program run alone, the others in groups. */
function jobsOf(files: readonly string[]): string[][] {
  const small = files.filter((file) => laneOf(file) === 'unit')
  const groups = Array.from({length: Math.ceil(small.length / groupSize)}, (_, index) =>
    small.slice(index * groupSize, (index + 1) * groupSize),
  )
  return [...files.filter((file) => !small.includes(file)).map((file) => [file]), ...groups]
}

function isRed({fault, results: own}: FileResult): boolean {
  return fault !== undefined || own.some(({outcome}) => outcome === 'failed')
}

function print(result: FileResult): void {
  const {file, results: own, fault, ms, output} = result
  if (own.length === 0 && fault === undefined) return
  const name = relative('', file)
  const passed = own.filter(({outcome}) => outcome === 'passed').length
  console.log(`${isRed(result) ? 'FAIL' : 'ok  '} ${name}  ${passed}/${own.length}  ${(ms / 1000).toFixed(1)} s`)
  for (const {outcome, test, reason} of own)
    if (outcome === 'skipped') console.log(`     skipped "${test}": ${reason ?? ''}`)
  if (!isRed(result)) return
  if (fault !== undefined) console.log(`     ${name} ${fault}`)
  console.log(output)
}

function printSlowest(): void {
  const slowest = [...results].sort((a, b) => b.ms - a.ms).slice(0, 5)
  if (slowest.length > 0) console.log('\nslowest:')
  for (const {suite, test, ms} of slowest) console.log(`  ${(ms / 1000).toFixed(2)} s  ${suite} › ${test}`)
}

function toJunit({file, ms, results: own, fault, output}: FileResult): {name: string; cases: JunitCase[]} {
  const cases = own.map(({suite, test, ms: took, outcome, reason}): JunitCase => {
    const detail = reason === undefined ? {} : {message: reason.split('\n', 1)[0] ?? '', detail: reason}
    return {name: `${suite} › ${test}`, seconds: took / 1000, outcome, ...detail}
  })
  if (fault !== undefined)
    cases.push({name: 'the file', seconds: ms / 1000, outcome: 'error', message: fault, detail: output})
  return {name: relative('', file), cases}
}
