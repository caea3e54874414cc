import {styleText} from 'node:util'

/** One format: for a list of them Node 20 forgets to look at NO_COLOR and at what the stream is. */
export type Format = Extract<Parameters<typeof styleText>[0], string>

/** A place to write to: a terminal or anything else. */
export type Output = NodeJS.WriteStream

/** The text in that format on a terminal that shows colours; as it is elsewhere, and with NO_COLOR. */
export function paint(output: Output, format: Format, text: string): string {
  return styleText(format, text, {stream: output})
}
