import {metrics, type MetricInfo, type MetricName} from '../metrics.js'
import type {Series} from '../result.js'
import {markup, type Markup} from './markup.js'

/** The full name of a metric; its short name if it is unknown here. */
export function metricTitle(metric: string): string {
  const known: Partial<Record<string, MetricInfo>> = metrics
  return known[metric]?.title ?? metric
}

/** Caption of a chart: subject, metric, and which direction is better. */
export function chartCaption(what: string, {metric, unit, better}: Pick<Series, 'metric' | 'unit' | 'better'>): Markup {
  const name = what === metric ? metric : `${what} · ${metric}`
  return markup`<b>${name}</b> ${metricTitle(metric)}, ${unitLabel(unit)}\u00a0· <small>${better} is better</small>`
}

/** A ratio has its own sign. */
export function unitLabel(unit: Series['unit']): string {
  return unit === 'x' ? '×' : unit
}

/** The metrics of these series, each once, in the order of the table of metrics. */
export function metricsIn(series: readonly Series[]): Series[] {
  const order = Object.keys(metrics) as MetricName[]
  const place = ({metric}: Series): number => {
    const index = order.findIndex((name) => name === metric)
    return index === -1 ? order.length : index
  }
  const once = new Map(series.map((one) => [one.metric, one]))
  return [...once.values()].sort((a, b) => place(a) - place(b))
}
