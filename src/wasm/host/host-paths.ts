import {NnError} from '../../errors.js'
import {guestOptions} from './option-table.js'
import type {OptionValues} from './options.js'

/** The host path of a path in the guest; `undefined` for one that is in none of its folders. */
export type PathResolver = (path: string) => string | undefined

/**
 * Rejects paths outside of the guest's folders, and what is not supported: images and speech.
 *
 * @throws `security`, `unsupported_operation`.
 */
export function checkPaths(options: OptionValues, resolve: PathResolver | undefined): void {
  for (const [name, value] of Object.entries(options)) {
    if (guestOptions[name]?.isPath !== true || value === '') continue
    if (resolve?.(value as string) === undefined) {
      throw new NnError('security', `${name} is ${String(value)}, which is in none of the guest's folders.`, {
        hint: 'Give it the folder: --dir HOST::GUEST',
      })
    }
    throw new NnError('unsupported_operation', `${name} is not supported: models answer with text only.`)
  }
  if (options.tts === true) throw new NnError('unsupported_operation', 'tts is not supported.')
}
