import type {Markup} from '../markup.js'

/** A part of the page under a heading of its own. */
export interface Section {
  id: string
  title: string
  body: Markup
}
