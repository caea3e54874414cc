import {verdicts} from '../../result.js'
import type {BenchResult} from '../../result.js'
import {verdictSigns} from '../charts/changes.js'
import {markup, type Markup} from '../markup.js'
import {plural} from '../../../terminal/units.js'

/** The head of the page: subjects, time, machine, verdicts and warnings. */
export function summary(result: BenchResult, runs: number): Markup {
  const {subjects, date, machine, complete, incomplete_reason, warnings} = result
  const names = subjects.map(({name}) => markup`<li>${name}</li>`)
  const state = complete
    ? undefined
    : markup`<p class="notice v-worse"><b>Incomplete.</b> ${incomplete_reason ?? ''} What was measured before is shown.</p>`
  return markup`<p class="kind">wnn bench</p>
<h1>${subjects.length === 1 ? subjects[0]?.name : `${subjects.length} subjects side by side`}</h1>
${subjects.length > 1 ? markup`<ul class="names">${names}</ul>` : undefined}
<p>${runs > 1 ? `Last of ${runs} runs, ` : undefined}<time datetime="${date}">${day(date)}</time> · ${machine.cpu}, ${plural(machine.cores, 'core')}</p>
${state}${counts(result)}${
    warnings.length === 0
      ? undefined
      : markup`<div class="notice"><h2>Warnings</h2><ul>${warnings.map((text) => markup`<li>${text}</li>`)}</ul></div>`
  }`
}

/** `2026-01-02 03:04 UTC`. */
export function day(date: string): string {
  const time = new Date(date)
  if (Number.isNaN(time.getTime())) return date
  const text = time.toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`
}

function counts({comparison}: BenchResult): Markup | undefined {
  if (comparison === null) return undefined
  const badges = verdicts.map((verdict) => {
    const count = comparison.verdicts.filter((one) => one.verdict === verdict).length
    return count === 0 ? undefined : markup`<li class="v-${verdict}"><b>${count}</b> ${verdictSigns[verdict]}</li>`
  })
  return markup`<ul class="badges" aria-label="Against the baseline">${badges}</ul>`
}
