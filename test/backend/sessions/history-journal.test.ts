import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {draftOf} from '../../../src/system/append-file.js'
import {HistoryJournal, type HistoryJournalOptions} from '../../../src/backend/sessions/history-journal.js'
import type {RecordedMessage} from '../../../src/backend/sessions/history-records.js'
import {rejects} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('histories on disk', {timeoutMs: 30_000})
const bytesOf = (file: string): Buffer => fs.readFileSync(file)

test('what was saved is there again, the last changed last, with the time of the change', (t) => {
  const file = newFile(t)
  const time = {now: 1000}
  const journal = HistoryJournal.open(file, {now: () => time.now++})
  const alice = turn('My name is Alice.')
  for (const id of ['a', 'b']) journal.save(id, alice)
  journal.save('a', [...alice, ...turn('What is my name?')])
  assert.equal(reopened(file, journal), [
    {id: 'b', at: 1001, messages: alice},
    {id: 'a', at: 1002, messages: [...alice, ...turn('What is my name?')]},
  ])
})

test('a turn is written alone, not with the history before it', (t) => {
  const file = newFile(t)
  const journal = HistoryJournal.open(file)
  const long = turn('x'.repeat(10_000))
  journal.save('a', long)
  const before = bytesOf(file).length
  journal.save('a', [...long, ...turn('short')])
  assert.ok(bytesOf(file).length - before < 250)
  journal.save('a', [...long])
  journal.close()
  assert.is((JSON.parse(lastLine(file)) as {keep: number}).keep, 2)
})

test('the tokens of an answer are there again, and tokens that are damaged cost nothing else', (t) => {
  const file = newFile(t)
  const journal = HistoryJournal.open(file, {now: () => 5})
  const [question, answer] = turn('Who?') as [RecordedMessage, RecordedMessage]
  const generated = {model: 'sha', tokens: Uint32Array.of(1, 0xffff_fffe, 70_000)}
  journal.save('a', [question, {...answer, generated}])
  assert.equal(reopened(file, journal), [{id: 'a', at: 5, messages: [question, {...answer, generated}]}])
  const text = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(file, text.replace(/"tokens":"[^"]*"/, '"tokens":"AAAA"'))
  assert.equal(HistoryJournal.open(file).restored, [{id: 'a', at: 5, messages: [question, answer]}])
})

test('a last line that was cut off anywhere costs nothing before it, and nothing after it', (t) => {
  const file = newFile(t)
  const journal = HistoryJournal.open(file, {now: () => 5})
  journal.save('a', turn('é 🙂'))
  const whole = bytesOf(file).length
  journal.save('b', turn('the line that is cut off: 漢字'))
  journal.close()
  const all = bytesOf(file)
  for (let length = whole; length < all.length; length++) {
    fs.writeFileSync(file, all.subarray(0, length))
    const torn = HistoryJournal.open(file, {now: () => 5})
    assert.equal(torn.restored, [{id: 'a', at: 5, messages: turn('é 🙂')}], `cut at ${length}`)
    assert.is(torn.tornBytes, length - whole)
    torn.save('c', turn('after it'))
    const ids = reopened(file, torn).map(({id}) => id)
    assert.equal(ids, ['a', 'c'], `cut at ${length}`)
  }
})

test('a last line of zeros, as a loss of power may leave it, is cut off', (t) => {
  const file = newFile(t)
  const journal = HistoryJournal.open(file)
  journal.save('a', turn('kept'))
  journal.close()
  fs.appendFileSync(file, Buffer.alloc(4096))
  assert.is(HistoryJournal.open(file).restored.length, 1)
})

test('any operations are played again as they were in memory, whenever the file is written anew', () => {
  const ids = fc.constantFrom('a', 'b', 'session-3', '__proto__', '🙂')
  const text = fc.string({unit: 'binary', maxLength: 8})
  const operation = fc.oneof(
    {weight: 4, arbitrary: fc.record({kind: fc.constant('turn' as const), id: ids, text})},
    fc.record({kind: fc.constant('rewrite' as const), id: ids, keep: fc.nat(6), text}),
    fc.record({kind: fc.constant('remove' as const), id: ids}),
    fc.record({kind: fc.constant('reopen' as const)}),
    fc.record({kind: fc.constant('disk' as const), room: fc.option(fc.nat(60), {nil: Infinity})}),
  )
  const folder = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'wnn-property-'))
  const file = path.join(folder, 'histories.jsonl')
  try {
    fc.assert(
      fc.property(
        fc.array(operation, {maxLength: 40}),
        fc.constantFrom(1, 300, 1e6),
        (operations, compactFromBytes) => {
          fs.rmSync(file, {force: true})
          const disk = new Disk()
          const open = (): HistoryJournal => HistoryJournal.open(file, {write: disk.write, compactFromBytes})
          let journal = open()
          const memory = new Map<string, RecordedMessage[]>()
          for (const each of operations) {
            if (each.kind === 'disk') disk.room = each.room
            else if (each.kind === 'reopen') {
              disk.room = Infinity
              journal.close()
              journal = open()
              // As a backend does, which goes on with the messages that it was given.
              for (const {id, messages} of journal.restored) memory.set(id, messages)
            } else if (each.kind === 'remove') {
              memory.delete(each.id)
              journal.remove(each.id)
            } else {
              const before = memory.get(each.id) ?? []
              const kept = each.kind === 'turn' ? before : before.slice(0, each.keep)
              memory.set(each.id, [...kept, ...turn(each.text)])
              journal.save(each.id, memory.get(each.id) ?? [])
            }
          }
          disk.room = Infinity
          const found = reopened(file, journal).map(({id, messages}) => [id, messages] as const)
          assert.equal(new Map(found), memory)
          assert.not.ok(fs.existsSync(draftOf(file)))
        },
      ),
      {numRuns: 150},
    )
  } finally {
    fs.rmSync(folder, {recursive: true})
  }
})

test('a file that was deleted or renamed is written again, with all histories', (t) => {
  const file = newFile(t)
  const journal = HistoryJournal.open(file, {now: () => 5})
  journal.save('a', turn('first'))
  fs.rmSync(file)
  journal.save('b', turn('second'))
  fs.renameSync(file, `${file}.old`)
  journal.save('c', turn('third'))
  assert.is(journal.problem, null)
  assert.equal(
    reopened(file, journal).map(({id}) => id),
    ['a', 'b', 'c'],
  )
})

test('a file that took its place is left alone, and said to be a problem until it is gone', (t) => {
  const file = newFile(t)
  const journal = HistoryJournal.open(file, {now: () => 5})
  journal.save('a', turn('first'))
  fs.writeFileSync(`${file}.backup`, 'precious')
  fs.renameSync(`${file}.backup`, file)
  journal.save('b', turn('second'))
  assert.match(journal.problem ?? '', /was replaced by another file/)
  assert.is(fs.readFileSync(file, 'utf8'), 'precious')
  fs.rmSync(file)
  journal.save('c', turn('third'))
  assert.is(journal.problem, null)
  assert.equal(
    reopened(file, journal).map(({id}) => id),
    ['a', 'b', 'c'],
  )
})

test('what a full disk refused is written with the next change, and no half line stays', (t) => {
  const file = newFile(t)
  const disk = new Disk()
  const journal = HistoryJournal.open(file, {write: disk.write})
  journal.save('a', turn('first'))
  const before = bytesOf(file)
  disk.room = 10
  journal.save('a', [...turn('second')])
  journal.remove('a')
  journal.save('b', turn('third'))
  assert.match(journal.problem ?? '', 'the disk is full')
  assert.equal(bytesOf(file), before)
  disk.room = Infinity
  journal.save('c', turn('fourth'))
  assert.is(journal.problem, null)
  assert.equal(
    reopened(file, journal).map(({id}) => id),
    ['b', 'c'],
  )
})

test('a file that has grown is written anew, and keeps everything', (t) => {
  const file = newFile(t)
  const options: HistoryJournalOptions = {compactFromBytes: 2000}
  const journal = HistoryJournal.open(file, options)
  journal.save('kept', turn('from the beginning'))
  for (let at = 0; at < 500; at++) {
    journal.save('session-7', turn(`rewritten ${at}`))
    if (at % 50 === 0) journal.remove('session-7')
    assert.ok(bytesOf(file).length < 2400, String(bytesOf(file).length))
  }
  journal.remove('session-7')
  journal.close()
  const again = HistoryJournal.open(file, {compactFromBytes: 1})
  assert.equal(
    again.restored.map(({id, messages}) => [id, messages]),
    [['kept', turn('from the beginning')]],
  )
  assert.is(again.names, 7)
  again.close()
  assert.equal(fs.readdirSync(path.dirname(file)), ['histories.jsonl'])
  assert.is(fs.statSync(file).mode & 0o777, 0o600)
})

test('a disk without room for a new file leaves the old one, and nothing beside it', (t) => {
  const file = newFile(t)
  const disk = new Disk()
  const journal = HistoryJournal.open(file, {write: disk.write, compactFromBytes: 1000})
  journal.save('a', turn('x'.repeat(300)))
  disk.room = 900
  journal.save('a', turn('y'.repeat(300)))
  assert.match(journal.problem ?? '', 'the disk is full')
  disk.room = 200
  journal.save('a', turn('z'))
  assert.is(journal.problem, null)
  assert.equal(fs.readdirSync(path.dirname(file)), ['histories.jsonl'])
  assert.equal(reopened(file, journal)[0]?.messages, turn('z'))
})

const header = '{"format":"wnn-histories","version":1,"names":0}\n'
const good = '{"type":"history","session":"a","at":1,"keep":0,"messages":[]}\n'
const refused: [what: string, content: string | Buffer, message: RegExp][] = [
  ['a text', 'plain\n', /histories\.jsonl exists and is not a file of histories; it was not changed/],
  ['a text without a newline', 'plain', /is not a file of histories/],
  ['JSON of something else', '{"format":"wnn-chat","version":1}\n', /is not a file of histories/],
  ['a newer version', '{"format":"wnn-histories","version":2}\n', /:1 has version 2; this program reads version 1/],
  ['a damaged line between others', `${header}${good}{"type":"hist${good}${good}`, /histories\.jsonl:3 is damaged/],
  ['an unknown record', `${header}{"type":"renamed"}\n`, /:2 is damaged/],
  ['bytes that are no text', Buffer.concat([Buffer.from(header), Buffer.from([0xff, 10])]), /:2 is damaged/],
  ['a line that is missing', header + good.replace('"keep":0', '"keep":2'), /:2 keeps 2 messages .* which has only 0/],
]
for (const [what, content, message] of refused) {
  test(`a file with ${what} is refused and stays as it is`, async (t) => {
    const file = newFile(t)
    fs.writeFileSync(file, content)
    await rejects(opening(file), 'invalid_argument', message)
    assert.equal(bytesOf(file), Buffer.from(content))
  })
}

test('a folder in the place of the file is refused, an empty file becomes one of histories', async (t) => {
  const file = newFile(t)
  await rejects(opening(path.dirname(file)), 'invalid_argument', /is not a regular file/)
  fs.writeFileSync(file, '')
  HistoryJournal.open(file).close()
  assert.is(bytesOf(file).toString(), header)
})

/** A disk on which that many bytes are left. */
class Disk {
  room = Infinity
  readonly write = (descriptor: number, bytes: Uint8Array): number => {
    if (this.room <= 0) throw Object.assign(new Error('ENOSPC: no space left on device'), {code: 'ENOSPC'})
    const written = fs.writeSync(descriptor, bytes.subarray(0, Math.min(bytes.length, this.room)))
    this.room -= written
    return written
  }
}

function turn(question: string): RecordedMessage[] {
  return [
    {role: 'user', content: question},
    {role: 'assistant', content: `About ${question}`},
  ]
}

function newFile(t: Parameters<typeof temporaryFolder>[0]): string {
  return path.join(temporaryFolder(t), 'histories.jsonl')
}

function reopened(file: string, journal: HistoryJournal): HistoryJournal['restored'] {
  journal.close()
  const again = HistoryJournal.open(file)
  again.close()
  return again.restored
}

function lastLine(file: string): string {
  return bytesOf(file).toString().trimEnd().split('\n').at(-1) ?? ''
}

function opening(file: string): Promise<HistoryJournal> {
  return Promise.resolve().then(() => HistoryJournal.open(file))
}
