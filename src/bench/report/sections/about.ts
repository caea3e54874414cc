import {bytes, duration} from '../../../terminal/units.js'
import type {BenchResult, Subject} from '../../result.js'
import {markup, type Markup, type Part} from '../markup.js'
import {interval} from './all-figures.js'
import type {Section} from './section.js'

/** What was measured, where and how: everything needed to repeat it. */
export function aboutSection(result: BenchResult): Section {
  const {machine, versions, settings, subjects, tests, command} = result
  return {
    id: 'about',
    title: 'What was measured',
    body: markup`<div class="cards">${subjects.map(subjectCard)}
${card('Machine', [
  ['processor', machine.cpu],
  ['cores', machine.cores],
  ['memory', bytes(machine.memory_bytes)],
  ['system', machine.os],
  ['load average', `${machine.load_before.toFixed(2)} before, ${machine.load_after.toFixed(2)} after`],
])}
${card('Versions', [
  ['wnn', versions.wnn],
  ['llama.cpp', versions.llama_cpp ?? 'unknown: only servers were measured'],
  ['node-llama-cpp', versions.node_llama_cpp],
  ['Node.js', versions.node],
])}
${card('Run', [
  ['began', result.date],
  ['took', duration(result.duration_ms)],
  ['tests', tests.map(({name}) => name).join(', ')],
  ['repetitions', `${settings.repetitions}, after ${settings.warmup} warm-up rounds`],
  [
    'intervals',
    `${interval(settings)}of the median, from ${settings.resamples.toLocaleString('en-US')} bootstrap resamples`,
  ],
  ['seed', settings.seed],
])}</div>
<h3>Command line</h3><pre tabindex="0">${command.join(' ')}</pre>`,
  }
}

function subjectCard({name, kind, model, url, served_model, engine, settings}: Subject): Markup {
  const kinds: Record<Subject['kind'], string> = {
    local: 'a model that wnn bench loaded',
    daemon: 'a model in the daemon',
    http: 'a server over HTTP',
  }
  return card(name, [
    ['is', kinds[kind]],
    ...(url === null ? [] : [['address', url] as const]),
    ...(served_model === null ? [] : [['served as', served_model] as const]),
    ...(model === null ? [] : modelRows(model)),
    ...(engine === null ? [] : engineRows(engine)),
    ...Object.entries(settings).map(([key, value]) => [key, JSON.stringify(value)] as const),
  ])
}

type Row = readonly [title: string, text: Part]

function modelRows(model: NonNullable<Subject['model']>): Row[] {
  return [
    ['file', model.path],
    ['size', bytes(model.size_bytes)],
    ['sha256', markup`<code>${model.sha256}</code>`],
    ['architecture', model.architecture],
    ['parameters', model.parameters.toLocaleString('en-US')],
  ]
}

function engineRows(engine: NonNullable<Subject['engine']>): Row[] {
  const count = (number: number): string => number.toLocaleString('en-US')
  return [
    ['llama.cpp', `${engine.llama_build}, ${engine.llama_commit}`],
    ['processor', engine.gpu ?? 'CPU'],
    ['layers on the GPU', `${engine.gpu_layers}/${engine.layers}`],
    ['threads', engine.threads],
    ['context', `${engine.parallel} × ${count(engine.ctx_size)} tokens`],
    ['batch', `${count(engine.batch_size)} tokens`],
  ]
}

function card(title: string, rows: readonly Row[]): Markup {
  return markup`<section class="card"><h3>${title}</h3><dl>${rows.map(([name, text]) => markup`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl></section>`
}
