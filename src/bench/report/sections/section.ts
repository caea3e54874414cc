import type {Markup} from '../markup.js'

/** A part of the page with its own heading. */
export interface Section {
  id: string
  title: string
  body: Markup
}
