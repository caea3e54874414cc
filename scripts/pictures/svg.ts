import type {Frame, Line} from './terminal.js'

const cell = {width: 8.4, height: 18}
const padding = 14
const palette = ['#5c6370', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#dcdfe4']
const lastFrameMs = 3000

/** A recording as an SVG that plays in a loop, without a script. Rows that stay empty are left out. */
export function animate(frames: readonly Frame[], title: string): string {
  const used = Math.max(...frames.map(({lines}) => lines.findLastIndex((line) => textOf(line).trim() !== '') + 1))
  const [width, height] = [80 * cell.width + 2 * padding, used * cell.height + 2 * padding]
  const first = frames[0]?.atMs ?? 0
  const totalMs = (frames.at(-1)?.atMs ?? 0) - first + lastFrameMs
  const groups = frames.map(({atMs, lines}, index) => {
    const from = ((atMs - first) / totalMs) * 100
    const to = (((frames[index + 1]?.atMs ?? first + totalMs) - first) / totalMs) * 100
    const rows = lines.slice(0, used).map((line, y) => draw(line, padding + (y + 0.75) * cell.height))
    const keyframes = `@keyframes f${index}{0%{opacity:0}${from.toFixed(3)}%{opacity:1}${to.toFixed(3)}%{opacity:0}100%{opacity:0}}`
    const style = `animation:f${index} ${totalMs.toFixed(0)}ms step-end infinite`
    return {keyframes, group: `<g style="opacity:0;${style}">${rows.join('')}</g>`}
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escape(title)}">`,
    `<style>text{font:14px ui-monospace,Menlo,Consolas,monospace;white-space:pre;fill:#abb2bf}${groups.map(({keyframes}) => keyframes).join('')}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="#1e2127"/>`,
    ...groups.map(({group}) => group),
    '</svg>',
    '',
  ].join('\n')
}

function draw(line: Line, y: number): string {
  let column = 0
  const pieces = line.map(({text, color, bold, dim}) => {
    const x = padding + column * cell.width
    column += text.length
    if (text.trim() === '') return ''
    const fill = color === undefined ? '' : ` fill="${palette[color % 8] ?? ''}"`
    const look = `${fill}${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}`
    return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${(text.trimEnd().length * cell.width).toFixed(1)}"${look}>${escape(text.trimEnd())}</text>`
  })
  return pieces.join('')
}

const textOf = (line: Line): string => line.map(({text}) => text).join('')

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
