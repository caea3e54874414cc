import type {RunReport} from '../results.js'
import {githubAnnotations} from './github.js'
import {junitReport} from './junit.js'
import {listReport, type ListOptions} from './list.js'
import {olderCommand} from './log-text.js'
import {tapReport} from './tap.js'

export const reporterNames = ['list', 'junit', 'tap', 'json', 'github'] as const
export type ReporterName = (typeof reporterNames)[number]

export interface RenderOptions extends ListOptions {
  /** For annotations: the folder of the checkout. */
  workspace?: string | undefined
}

/** The report as text. */
export function render(report: RunReport, name: ReporterName, options: RenderOptions): string {
  switch (name) {
    case 'list':
      return listReport(report, options)
    case 'junit':
      return junitReport(report)
    case 'tap':
      return tapReport(report)
    case 'json':
      // Only texts can have one, and in a text the escape means the same.
      return JSON.stringify(report, undefined, 2).replace(olderCommand, String.raw`$1\u005b`)
    case 'github':
      return [listReport(report, {colors: false}), ...githubAnnotations(report, options.workspace)].join('\n')
  }
}
