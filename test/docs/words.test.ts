import * as assert from 'uvu/assert'
import {readdirSync} from 'node:fs'
import {pages, readPage, root} from '../support/pages.js'
import {sourceTexts} from '../support/source-texts.js'
import {suite} from '../support/suite.js'

const test = suite('words of the documentation and the sources', {timeoutMs: 120_000})

/** The changelog says what was true then. */
const unchecked = ['CHANGELOG.md']

/** Words and phrases that readers stumble over, and what to write instead. */
const retired: [phrase: RegExp, instead: string][] = [
  [/\bmend(s|ed|ing)?\b/gi, 'fix'],
  [/\b(go|goes|going|gone) on with\b/gi, 'continue, resume'],
  [/\b(is|are|be|was|were) told\b/gi, 'is reported, fails with, prints'],
  [/\btold (with|by)\b/gi, 'fails with, reported by'],
  [/\blest\b/gi, 'so that … not'],
  [/\bwhatever ended\b/gi, 'after any interruption'],
  [/\b(hither|to and fro)\b/gi, 'here, there and back'],
  [/\bcarr(y|ies|ied|ying) out\b/gi, 'run, do'],
  [/\bfaults?\b/gi, 'error'],
  [/\bat hand\b/gi, 'available'],
  [/\b(passed|passing) over\b/gi, 'skip, ignore'],
  [/\bbehind (it|them|that)\b/gi, 'after'],
  [/\b(come|comes|came) to (its|their|an) end\b/gi, 'finish, end'],
  [/\bby (itself|themselves)\b/gi, 'automatically, alone'],
  [/\b(whoever|whosoever)\b/gi, 'the caller, users who'],
  [/\bas a rule\b/gi, 'usually'],
  [/\bwithout a word\b/gi, 'silently'],
  [/\btaken back\b/gi, 'cancelled, rolled back'],
  [/\bmade-up\b/gi, 'simulated'],
  [/\b(go|goes|going) over\b/gi, 'override'],
  [/\bfor want of\b/gi, 'because there is no'],
  [/\bhanded over\b/gi, 'passed on'],
  [/\bas (it|they) stands?\b/gi, 'unchanged'],
  [/(?<!there )\b(is|are) no (file|folder|json|list|model|option|text)\b/gi, 'is not a …'],
  [/\b(ride|rides|riding) along\b/gi, 'join'],
  [/\bto begin with\b/gi, 'first, initial'],
  [/\banew\b/gi, 'again, from the start'],
  [/\bas in:/gi, 'Example:'],
  [/\bof so many\b|\bso many (bytes|tokens|rows|times|items)\b/gi, 'this many, N'],
  [/\bunder way\b/gi, 'running, current'],
  [/\b(gives|give) way to\b/gi, 'is overridden by'],
  [/\b(hear|hears|heard|tell|tells) of\b/gi, 'get, report'],
]

/** Pages say `rejected` as messages do, also where the field of a report is called `refused`. */
const retiredInPages: typeof retired = [...retired, [/\brefus(e|es|ed|ing)\b/gi, 'reject']]

test('no page has a retired word', () => {
  const found = pages()
    .filter((page) => !unchecked.includes(page))
    .flatMap((page) => findRetired(readPage(page), 1, retiredInPages).map((finding) => `${page}:${finding}`))
  assert.is(found.join('\n'), '')
})

test('no comment, message or help text of the sources has a retired word', () => {
  const files = ['src', 'perf', 'scripts'].flatMap((folder) =>
    readdirSync(root + folder, {recursive: true, encoding: 'utf8'}).map((name) => `${folder}/${name}`),
  )
  const sources = files.filter((name) => /\.(ts|mjs)$/.test(name))
  assert.ok(sources.length > 400)
  const found = sources.flatMap((name) =>
    sourceTexts(root + name)
      .flatMap(({line, text}) => findRetired(text, line))
      .map((finding) => `${name}:${finding}`),
  )
  assert.is(found.join('\n'), '')
})

test('a retired word is found with its line and what to write instead', () => {
  assert.equal(findRetired('Fix it.\nMend it, or\ngo on\nwith it: defaults stay.\n'), [
    '2: "Mend": write fix',
    '3: "go on with": write continue, resume',
  ])
})

/** Each as `line: "word": write …`, in the order of the lines. A phrase may go over the end of a line. */
function findRetired(text: string, firstLine = 1, words = retired): string[] {
  const flat = text.replaceAll('\n', ' ')
  return words
    .flatMap(([phrase, instead]) =>
      [...flat.matchAll(phrase)].map(({0: word, index}) => ({word, instead, line: lineAt(text, index)})),
    )
    .sort((a, b) => a.line - b.line)
    .map(({line, word, instead}) => `${firstLine + line - 1}: "${word}": write ${instead}`)
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
