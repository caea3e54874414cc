import {existsSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {pages, readPage, root} from '../support/pages.js'
import {suite} from '../support/suite.js'

const test = suite('links of the documentation')

test('every relative link leads to a file, and to a heading where it names one', () => {
  const broken = pages().flatMap((page) =>
    linksOf(readPage(page))
      .filter((link) => !leadsSomewhere(page, link))
      .map((link) => `${page}: ${link}`),
  )
  assert.is(broken.join('\n'), '')
})

test('every page that the sources name exists', () => {
  const missing = ['src', 'suites', 'scripts', 'perf'].flatMap(sourcesIn).flatMap((file) =>
    // The format of model files is described in another repository.
    [...readFileSync(root + file, 'utf8').matchAll(/(?<!ggml, )\bdocs\/[\w/-]+\.md\b/g)]
      .filter(([page]) => !existsSync(root + page))
      .map(([page]) => `${file}: ${page}`),
  )
  assert.is(missing.join('\n'), '')
})

test('headings have the anchors that GitHub gives them', () => {
  const text = '# `wnn load`\n## A [link](x.md), and more\n```sh\n# a comment\n```\n## Files\n## Files\n'
  assert.equal([...anchorsOf(text)], ['wnn-load', 'a-link-and-more', 'files', 'files-1'])
})

/** Targets of links that are neither addresses nor inside of code. */
function linksOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) =>
    /^[a-z]+:/.test(link) ? [] : [link],
  )
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(root + target)) return false
  return anchor === undefined || anchorsOf(readPage(target)).has(anchor)
}

function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = [...withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
  return new Set(anchors)
}

/** Without blocks of code, whose lines may look like headings or links. */
function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

function sourcesIn(folder: string): string[] {
  return readdirSync(root + folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => /\.(ts|mjs|ya?ml|sh)$/.test(name))
    .map((name) => `${folder}/${name}`)
}
