import {markup, type Markup} from '../markup.js'
import {at} from './marks.js'
import {sparse, type Scale} from './scale.js'

/** A chart with its texts. */
export interface Chart {
  /** Caption above the chart. */
  caption: Markup
  /** For screen readers: title and description. */
  title: string
  description: string
  width: number
  height: number
  body: Markup
}

/** Figures side by side, as many as fit. `id` is unique in the page. */
export function figures(id: string, charts: readonly Chart[]): Markup {
  return markup`<div class="figures">${charts.map((chart, index) => figure(`${id}-${index}`, chart))}</div>`
}

function figure(id: string, {caption, title, description, width, height, body}: Chart): Markup {
  return markup`<figure><figcaption>${caption}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
${body}</svg></figure>
`
}

/** Where the values are drawn, inside of the labels. */
export interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

/** An axis below, with what it measures. */
export function axisBelow(scale: Scale, {left, right, top, bottom}: Box, title: string, rules = true): Markup {
  const labels = sparse(scale).map(
    ({value, label}) =>
      markup`<text class="tick-x" x="${at(scale.place(value))}" y="${bottom + 16}" text-anchor="middle">${label}</text>`,
  )
  const lines = scale.ticks.map(({value}) => {
    const x = at(scale.place(value))
    return markup`<path class="grid" d="M${x} ${rules ? top : bottom}V${rules ? bottom : bottom + 4}"/>`
  })
  return markup`${lines}<path class="axis" d="M${left} ${bottom}H${right}"/>${labels}<text class="of" x="${(left + right) / 2}" y="${bottom + 33}" text-anchor="middle">${title}</text>`
}

/** An axis at the left, its unit above it. */
export function axisLeft(scale: Scale, {left, right, top}: Box, title: string): Markup {
  const ticks = scale.ticks.map(({value, label}) => {
    const y = at(scale.place(value))
    return markup`<path class="grid" d="M${left} ${y}H${right}"/><text class="tick-y" x="${left - 7}" y="${y}" dy=".35em" text-anchor="end">${label}</text>`
  })
  return markup`${ticks}<text class="of" x="2" y="${top - 12}">${title}</text>`
}
