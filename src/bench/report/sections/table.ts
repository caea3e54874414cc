import {markup, type Markup, type Part} from '../markup.js'

export interface Column {
  title: string
  /** Numbers are right-aligned, sentences wrap. Defaults to `words`. */
  kind?: 'words' | 'number' | 'sentence'
}

/** A table that scrolls alone on a narrow page; the first `heads` cells of a row are its headers. */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Part[])[],
  heads = 1,
): Markup {
  const kind = (column: number): string => columns[column]?.kind ?? 'words'
  const header = columns.map(({title}, index) => markup`<th scope="col" class="${kind(index)}">${title}</th>`)
  const body = rows.map(
    (row) =>
      markup`<tr>${row.map((cell, index) =>
        index < heads
          ? markup`<th scope="row" class="${kind(index)}">${cell}</th>`
          : markup`<td class="${kind(index)}">${cell}</td>`,
      )}</tr>
`,
  )
  return markup`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${header}</tr></thead><tbody>
${body}</tbody></table></div>`
}
