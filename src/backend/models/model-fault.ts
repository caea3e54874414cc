import {NnError} from '../../errors.js'
import {findKnownFailure} from '../contract/known-failures.js'
import {mostCrashes} from './crash-policy.js'
import type {FileChange} from './model-files.js'

/** The error of a model whose file is no longer the one that was loaded. */
export function changedError({file, what}: FileChange): NnError {
  return new NnError('model_changed', `${file} ${what} after the model was loaded from it.`, {
    hint: 'Put the old file back: the next request then continues. Or unload the model and load the file as it is now; wnn status --why shows the command.',
  })
}

/** The error of a model whose engine is not restarted. */
export function diedTooOften(name: string, why = 'for an unknown reason'): NnError {
  return new NnError(
    'engine_failed',
    `The engine of ${name} died ${mostCrashes} times within a minute, the last time because: ${why}`,
    {
      hint: findKnownFailure(why)?.hint ?? 'Unload the model, and load it again with other settings or another file.',
    },
  )
}
