import type {BenchResult} from '../result.js'
import {aboutRows} from './about.js'
import {comparisonTitle, figureRows, verdictRows} from './rows.js'

/** The result as Markdown: what was measured, the figures, the verdicts. */
export function renderMarkdown(result: BenchResult): string {
  const {comparison, complete, incomplete_reason, warnings} = result
  const parts = [
    aboutRows(result)
      .map(([title, text]) => `- **${escape(title)}**: ${escape(text)}`)
      .join('\n'),
    ...(complete ? [] : [`**Incomplete**: ${escape(incomplete_reason ?? '')}`]),
    markdownTable(figureRows(result)),
    ...(comparison === null
      ? []
      : [
          `${escape(comparisonTitle(comparison))}:`,
          markdownTable(verdictRows(result)),
          ...comparison.missing.map((what) => `Only in one of the two results: ${escape(what)}.`),
        ]),
    ...warnings.map((warning) => `> ${escape(warning)}`),
    `\`${result.command.join(' ')}\``,
  ]
  return parts.join('\n\n')
}

function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.map(escape).join(' | ')} |`).join('\n')
}

function escape(text: string): string {
  return text.replace(/[\\|*_<]/g, (sign) => `\\${sign}`).replaceAll('\n', ' ')
}
