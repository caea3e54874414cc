import type {RunReport} from '../results.js'
import {githubReport} from './github.js'
import {junitReport} from './junit.js'
import {listReport, type ListOptions} from './list.js'
import {tapReport} from './tap.js'

export const reporterNames = ['list', 'junit', 'tap', 'json', 'github'] as const
export type ReporterName = (typeof reporterNames)[number]

/** The report as text. */
export function render(report: RunReport, name: ReporterName, options: ListOptions): string {
  switch (name) {
    case 'list':
      return listReport(report, options)
    case 'junit':
      return junitReport(report)
    case 'tap':
      return tapReport(report)
    case 'json':
      return JSON.stringify(report, undefined, 2)
    case 'github':
      return githubReport(report)
  }
}
