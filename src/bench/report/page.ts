import {markup, Markup} from './markup.js'
import type {Section} from './sections/section.js'
import {style} from './style.js'

export interface Page {
  title: string
  header: Markup
  sections: readonly Section[]
  footer: Markup
}

/** The policy lets the browser enforce this: nothing is loaded, and no script runs. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

export function page({title, header, sections, footer}: Page): string {
  const links = sections.map((section) => markup`<li><a href="#${section.id}">${section.title}</a></li>`)
  const parts = sections.map(
    (section) =>
      markup`<section id="${section.id}" aria-labelledby="${section.id}-h"><h2 id="${section.id}-h">${section.title}</h2>
${section.body}
</section>
`,
  )
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>${header}
<nav aria-label="Sections"><ul>${links}</ul></nav></header>
<main>
${parts}</main>
<footer>${footer}</footer>
</body>
</html>
`.text
}
