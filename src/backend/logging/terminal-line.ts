import {styleText} from 'node:util'
import {sanitizeLine} from '../../terminal/sanitize.js'

type Format = Extract<Parameters<typeof styleText>[0], string>

const formats: Readonly<Record<string, Format>> = {
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
}

/** A readable log line: time of day (UTC), level, tag, message, and the fields as `name=value`. */
export function terminalLine(json: string, colors: boolean): string {
  const {level, time, tag, msg, ...fields} = JSON.parse(json) as Record<string, unknown>
  const paint = (format: Format, text: string): string =>
    colors ? styleText(format, text, {validateStream: false}) : text
  const rest = Object.entries(fields).map(
    ([name, value]) =>
      paint('gray', `${name}=`) + sanitizeLine(typeof value === 'string' ? value : JSON.stringify(value)),
  )
  const parts = [
    ...(typeof time === 'string' ? [paint('gray', time.slice(11, 23))] : []),
    paint(formats[String(level)] ?? 'gray', String(level).toUpperCase().padEnd(5)),
    String(tag).padEnd(7),
    paint('bold', sanitizeLine(String(msg))),
    ...rest,
  ]
  return `${parts.join(' ')}\n`
}
