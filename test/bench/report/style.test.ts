import * as assert from 'uvu/assert'
import {style} from '../../../src/bench/report/style.js'
import {suite} from '../../support/suite.js'

const test = suite('colours of a report')

/** Variables of a scheme by name, three digits of a colour made six. */
function coloursOf(block: string): Map<string, string> {
  const all = [...block.matchAll(/--([\w-]+): #([0-9a-f]+);/g)]
  return new Map(all.map(([, name = '', hex = '']) => [name, hex.length === 3 ? hex.replace(/./g, '$&$&') : hex]))
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = (hex.match(/../g) ?? [])
    .map((part) => parseInt(part, 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

const [light = '', dark = ''] = [...style.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block)
for (const [scheme, block] of [
  ['light', light],
  ['dark', dark],
] as const) {
  const colours = coloursOf(block)
  const colour = (name: string): string => {
    const found = colours.get(name)
    assert.ok(found !== undefined, `no --${name}`)
    return found
  }

  test(`text can be read in the ${scheme} scheme`, () => {
    for (const text of ['ink', 'soft', 'c0', 'better', 'same', 'worse', 'inconclusive']) {
      for (const ground of ['page', 'card', 'limit']) {
        assert.ok(contrast(colour(text), colour(ground)) >= 4.5, `${text} on ${ground}`)
      }
    }
    for (const text of ['ink', 'worse']) assert.ok(contrast(colour(text), colour('mind')) >= 4.5, `${text} on mind`)
  })

  test(`lines can be seen in the ${scheme} scheme`, () => {
    const lines = [...colours.keys()].filter((name) => /^c\d$|^axis$/.test(name))
    assert.is(lines.length, 7)
    for (const line of lines) assert.ok(contrast(colour(line), colour('card')) >= 3, line)
  })
}
