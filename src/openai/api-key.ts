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
 * The key from the file, otherwise from the environment. The line break at the end of a file is not part of it.
 * @throws `invalid_argument` for a key that is empty or that no header can carry, `file_unusable` for a file that cannot be
 * read.
 */
export function readApiKey(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const key = file === undefined ? environment[apiKeyVariable] : readKeyFile(file).replace(/\r?\n$/, '')
  if (key === undefined) return undefined
  const fault = faultOf(key)
  if (fault === undefined) return key
  throw new NnError('invalid_argument', `The API key in ${file ?? apiKeyVariable} ${fault.what}.`, {hint: fault.hint})
}

/** Why no header can carry a key; clients write other characters than those of ASCII in different ways. */
function faultOf(key: string): {what: string; hint: string} | undefined {
  const asText = 'Use letters, digits and punctuation of ASCII.'
  if (key.trim() === '') return {what: 'is empty', hint: 'Remove it to serve without a key.'}
  if (/[\r\n]/.test(key)) return {what: 'has more than one line', hint: 'The key must be the only line.'}
  if (key !== key.trim()) return {what: 'has a space before or after it', hint: 'Remove it: no header can carry it.'}
  const [other] = /[^\x20-\x7E]/u.exec(key) ?? []
  if (other === undefined) return undefined
  const code = (other.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return {
    what: `has the character U+${code} at position ${key.indexOf(other) + 1}, which no header can carry`,
    hint: asText,
  }
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
