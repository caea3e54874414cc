export interface EnginePasses {
  passes: number
  steps: number
}

/** The engine's counters from `/metrics`; `undefined` if the server has none. */
export async function enginePasses(url: string, signal: AbortSignal): Promise<EnginePasses | undefined> {
  const response = await fetch(`${url}/metrics`, {signal})
  const text = await response.text()
  if (!response.ok) return undefined
  const [passes, steps] = [total(text, 'wnn_engine_passes_total'), total(text, 'wnn_engine_steps_total')]
  return passes === undefined || steps === undefined ? undefined : {passes, steps}
}

/** The sum over all labels. */
function total(text: string, name: string): number | undefined {
  const values = text.split('\n').flatMap((line) => {
    const [, labels, value] = /^(\w+)(?:\{[^}]*\})? (\S+)/.exec(line) ?? []
    return labels === name ? [Number(value)] : []
  })
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}
