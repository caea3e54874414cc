import {NnError} from '../errors.js'
import {readConfigFlags} from '../cli/config-flags.js'
import {modelName} from '../rpc/model-name.js'
import type {LocalModel} from './targets/local-target.js'

export interface VariantFlags {
  config?: string | undefined
  set?: string[] | undefined
  /** For example `model.threads=1,2`: each value is a column. */
  compare?: string[] | undefined
}

/**
 * A local model for each file and each combination of the values to compare.
 *
 * @throws `invalid_argument` for a key or value that the configuration does not have
 */
export function localModels(
  files: readonly string[],
  flags: VariantFlags,
  sizes: Pick<LocalModel, 'contextTokens' | 'slots'>,
): LocalModel[] {
  const combinations = (flags.compare ?? [])
    .map(valuesOf)
    .reduce<string[][]>((lists, pairs) => lists.flatMap((list) => pairs.map((pair) => [...list, pair])), [[]])
  const models = files.flatMap((file) =>
    combinations.map((pairs) => ({
      ...{name: [modelName(file), ...pairs].join(' '), file, ...sizes},
      given: readConfigFlags({config: flags.config, set: [...(flags.set ?? []), ...pairs]}),
    })),
  )
  return models.map((model, index) => ({...model, name: uniqueName(models, index)}))
}

/** The same file twice is a run against itself: its columns are numbered. */
function uniqueName(models: readonly {name: string}[], index: number): string {
  const name = models[index]?.name ?? ''
  if (models.filter((model) => model.name === name).length === 1) return name
  return `${name} #${models.slice(0, index + 1).filter((model) => model.name === name).length}`
}

function valuesOf(pair: string): string[] {
  const [, key = '', list = ''] = /^([^=]+)=(.+)$/s.exec(pair) ?? []
  const values = list.split(',')
  if (key === '' || values.length < 2 || values.includes('')) {
    throw new NnError('invalid_argument', `--compare takes key=value,value; got ${pair}.`, {
      hint: 'Example: --compare model.threads=1,2',
    })
  }
  return values.map((value) => `${key}=${value}`)
}
