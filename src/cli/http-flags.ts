import {Flags} from '@oclif/core'
import type {DaemonOptions} from '../daemon/start.js'

/** Flags by which a command serves OpenAI's API over HTTP. */
export const httpFlags = {
  port: Flags.integer({
    min: 0,
    max: 65_535,
    description: "Serve OpenAI's API on this port; 0 takes any free port. Off by default.",
    helpGroup: 'HTTP',
  }),
  host: Flags.string({
    dependsOn: ['port'],
    description: 'Name or address to listen on. Defaults to 127.0.0.1; other addresses need an API key.',
    helpGroup: 'HTTP',
  }),
  'api-key-file': Flags.string({
    dependsOn: ['port'],
    description: 'File with the API key that requests must send. Defaults to the environment variable WNN_API_KEY.',
    helpValue: 'file',
    helpGroup: 'HTTP',
  }),
}

interface HttpFlags {
  port?: number | undefined
  host?: string | undefined
  'api-key-file'?: string | undefined
}

/**
 * What a daemon listens on beside its socket.
 * @param toCome names of models that are not loaded yet, but will be
 */
export function httpIntakes(
  {port, host, 'api-key-file': apiKeyFile}: HttpFlags,
  toCome: ReadonlySet<string>,
  onListening: (url: string) => void,
): NonNullable<DaemonOptions['intakes']> {
  if (port === undefined) return []
  return [
    async (backend) => {
      const loading = (): string[] => [...new Set([...toCome, ...backend.loading])]
      // Only who asks for it pays for its import.
      const {listenHttp} = await import('../openai/index.js')
      const {url, close, abort} = await listenHttp(backend, {port, host, apiKeyFile, loading})
      onListening(url)
      return {close, abort}
    },
  ]
}
