import {renderReport} from '../report/index.js'
import type {BenchResult} from '../result.js'
import {renderCsv} from './csv.js'
import {renderMarkdown} from './markdown.js'

/** Forms of a result in a file. */
export const formats = ['json', 'md', 'csv', 'html'] as const
export type Format = (typeof formats)[number]

/** The result in that form, with a newline at its end. */
export function renderResult(result: BenchResult, format: Format): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(result, null, 2)}\n`
    case 'md':
      return `${renderMarkdown(result)}\n`
    case 'csv':
      return `${renderCsv(result)}\r\n`
    case 'html':
      return renderReport([result])
  }
}
