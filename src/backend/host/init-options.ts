import type {DestinationStream} from 'pino'

export interface InitOptions {
  /** The settings in docs/reference/config.md, as JSON or YAML text or as an object. Absent: defaults. */
  config?: string | object
  /** Named in configuration errors. */
  configFile?: string
  /** Folder that a relative `logging.file` is in. Defaults to the working directory. */
  folder?: string
  /** Makes a broken configuration an error instead of a warning and defaults. Defaults to `false`. */
  strict?: boolean
  /** Paths by name, for `loadByName`. */
  models?: Readonly<Record<string, string>>
  /** Where log lines go when no `logging.file` is configured. Defaults to nowhere. */
  logStream?: DestinationStream
  /** Defaults to the cores that this process may use. */
  cores?: number
  /**
   * Folder in which the histories of sessions are kept, so that they go on in a later backend (docs/sessions.md). Made
   * for its owner alone (0700) when there is none. One backend at a time uses it: while another one does, or when it
   * cannot be used or its file is damaged, initializing fails with `invalid_argument`. A history that cannot be written
   * costs no answer: it is logged, and told by the `sessions` status. Defaults to none: histories end with the backend.
   */
  stateDir?: string
}
