import {renderResult, type Format} from './render/index.js'
import {renderText} from './render/text.js'
import type {BenchResult} from './result.js'

export {bench} from './bench.js'
export {readHistory, readResult, writeReport} from './files.js'
export {renderTrend} from './render/trend.js'
export {readRequest} from './request.js'

/** The result for standard output: a table, or the requested format. */
export async function render(result: BenchResult, format: Format | undefined, width?: number): Promise<string> {
  return format === undefined ? renderText(result, width || Infinity) : (await renderResult(result, format)).trimEnd()
}
