import {bytes, plural} from '../../terminal/units.js'
import type {BenchResult, Subject} from '../result.js'

/** The measured subjects, machine and settings, as titles and texts. */
export function aboutRows({
  machine,
  versions,
  settings,
  subjects,
  date,
  complete,
}: BenchResult): [title: string, text: string][] {
  const {llama_cpp: llama} = versions
  return [
    ...subjects.map((subject): [string, string] => [subject.name, aboutSubject(subject)]),
    [
      'machine',
      `${machine.cpu}, ${plural(machine.cores, 'core')}, ${bytes(machine.memory_bytes)}, load ${machine.load_before.toFixed(1)} before and ${machine.load_after.toFixed(1)} after`,
    ],
    [
      'versions',
      `wnn ${versions.wnn}, Node.js ${versions.node}${llama === null ? '' : `, llama.cpp ${llama}`}, node-llama-cpp ${versions.node_llama_cpp}`,
    ],
    [
      'run',
      `${date}, ${complete ? '' : 'at most '}${plural(settings.repetitions, 'repetition')} after ${plural(settings.warmup, 'warm-up round')}, seed ${settings.seed}`,
    ],
  ]
}

function aboutSubject({model, engine, url, settings}: Subject): string {
  const given = Object.entries(settings).map(([key, value]) => `${key} ${JSON.stringify(value)}`)
  return [
    ...(url === null ? [] : [url]),
    ...(model === null
      ? []
      : [`${model.architecture}, ${bytes(model.size_bytes)}, sha256 ${model.sha256.slice(0, 12)}…`]),
    ...(engine === null
      ? []
      : [
          `${engine.gpu_layers}/${plural(engine.layers, 'layer')} on ${engine.gpu ?? 'the GPU'}`,
          plural(engine.threads, 'thread'),
          `${engine.parallel} × ${plural(engine.ctx_size, 'token')}`,
        ]),
    ...given,
  ].join(', ')
}
