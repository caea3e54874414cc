/** A condition that must hold, described with its figures. */
export interface Requirement {
  text: string
  met: boolean
}

/** Prints which requirements are met. Sets exit code 1 if one is not. */
export function printVerdict(requirements: readonly Requirement[]): void {
  for (const {text, met} of requirements) console.log(`${met ? 'met    ' : 'NOT MET'} ${text}`)
  if (requirements.some(({met}) => !met)) process.exitCode = 1
}

/** A Markdown table. */
export function markdownTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n')
}
