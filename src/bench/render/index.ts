import type {BenchResult} from '../result.js'

/** Forms of a result in a file. */
export const formats = ['json', 'md', 'csv', 'html'] as const
export type Format = (typeof formats)[number]

const renderers: Readonly<Record<Format, (result: BenchResult) => Promise<string> | string>> = {
  json: (result) => `${JSON.stringify(result, null, 2)}\n`,
  md: async (result) => `${(await import('./markdown.js')).renderMarkdown(result)}\n`,
  csv: async (result) => `${(await import('./csv.js')).renderCsv(result)}\r\n`,
  html: async (result) => (await import('../report/index.js')).renderReport([result]),
}

/** The result in that form, with a newline at its end. */
export async function renderResult(result: BenchResult, format: Format): Promise<string> {
  return renderers[format](result)
}
