import {createHash, timingSafeEqual} from 'node:crypto'
import {decodeText} from '../documents/index.js'
import {NnError, systemReason} from '../errors.js'
import {readBounded} from '../system/read-file.js'
import {ApiError} from './api-error.js'

/** Environment variable with the key, when no file is given. */
export const apiKeyVariable = 'WNN_API_KEY'

/** A larger file is something else. */
const mostKeyBytes = 1 << 16

/**
 * The key from the file, otherwise from the environment; surrounding white space is ignored.
 * @throws `invalid_argument` for a file that cannot be read, and for a key that is empty.
 */
export async function readApiKey(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  const text = file === undefined ? environment[apiKeyVariable] : await readKeyFile(file)
  if (text === undefined) return undefined
  const key = text.trim()
  if (key !== '') return key
  throw new NnError('invalid_argument', `The API key in ${file ?? apiKeyVariable} is empty.`, {
    hint: 'Remove it to serve without a key.',
  })
}

function readKeyFile(file: string): string {
  try {
    return decodeText(readBounded(file, mostKeyBytes, `The API key file ${file}`), file)
  } catch (error) {
    if (error instanceof NnError) throw error
    throw new NnError('file_unusable', `The API key file ${file} cannot be read: ${systemReason(error)}.`, {
      cause: error,
    })
  }
}

/** Checks `Authorization` headers. Hashes have the same length, so that the time reveals nothing about the key. */
export function keyCheck(key: string): (authorization: string | undefined) => void {
  const wanted = digest(key)
  return (authorization) => {
    const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given.trim()), wanted)) return
    const message = given === undefined ? 'An API key is needed: Authorization: Bearer <key>.' : 'The API key is wrong.'
    throw new ApiError(401, 'authentication_error', 'invalid_api_key', message, {
      headers: {'www-authenticate': 'Bearer'},
    })
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
