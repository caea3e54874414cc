import {isDeepStrictEqual} from 'node:util'
import type {GraphStatus} from '../../backend/contract/status.js'
import {readGgufHeader} from '../../backend/index.js'
import {configFromObject, type Config} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {contentIdentity} from '../../system/file-digest.js'
import {isSameModel} from '../same-model.js'

/** Whether the graph has the model in this file as it is now, and can answer. */
export async function hasModel(graph: GraphStatus, file: string): Promise<boolean> {
  if (graph.state === 'failed' || !isSameModel(graph.path, file)) return false
  const {files} = await readGgufHeader(file)
  return (await contentIdentity(files)) === graph.content_id
}

/**
 * Checks that a loaded model has the settings that a load asks for.
 * @param base the daemon's configuration, which `given` overrides
 * @throws `name_taken` with the differences.
 */
export function checkSettings({name, config}: GraphStatus, given: object, base: Config): void {
  const wanted = configFromObject(given, {strict: true, scope: 'graph', base}).config
  const differences = differencesOf(plain(config), plain(wanted))
  if (differences.length === 0) return
  const which = differences.map(([key, is, asked]) => `${key} is ${show(is)}, not ${show(asked)}`).join('; ')
  throw new NnError('name_taken', `${name} is already loaded with other settings: ${which}.`, {
    hint: `Change them with wnn switch, unload the model first (wnn unload ${name}), or load it a second time under another --name.`,
  })
}

type Sections = Record<string, Record<string, unknown>>

function differencesOf(loaded: Sections, wanted: Sections): [key: string, is: unknown, asked: unknown][] {
  return Object.entries(wanted).flatMap(([section, keys]) =>
    Object.entries(keys).flatMap(([key, asked]): [string, unknown, unknown][] => {
      const is = loaded[section]?.[key]
      return isDeepStrictEqual(is, asked) ? [] : [[`${section}.${key}`, is, asked]]
    }),
  )
}

/** As it comes from the daemon. */
function plain(config: Config): Sections {
  return JSON.parse(JSON.stringify(config)) as Sections
}

function show(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
