/** Texts in traces and messages are cut here, in UTF-16 units. */
const longestText = 200

/** A value as a trace shows it: bytes as their number, long texts cut, tensors with their text. */
export function tracedValue(value: unknown): unknown {
  if (typeof value === 'string') return cut(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return value.map(tracedValue)
  if (typeof value !== 'object' || value === null) return value
  const {data, ...others} = value as Record<string, unknown>
  const shown = Object.entries(others).flatMap(([name, inner]) =>
    typeof inner === 'function' || inner instanceof AbortSignal ? [] : [[name, tracedValue(inner)] as const],
  )
  const bytes = data instanceof Uint8Array ? {bytes: data.length, text: cut(Buffer.from(data).toString())} : {}
  return {...Object.fromEntries(shown), ...bytes}
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}
