import type {LogStream} from '../logging/logger.js'

export interface InitOptions {
  /** The settings in docs/reference/config.md, as JSON or YAML text or as an object. Absent: defaults. */
  config?: string | object
  /** Name of the configuration in errors. */
  configFile?: string
  /** Folder for a relative `logging.file`. Defaults to the working directory. */
  folder?: string
  /** Makes an invalid configuration an error instead of a warning. Defaults to `false`. */
  strict?: boolean
  /** Paths by name, for `loadByName`. */
  models?: Readonly<Record<string, string>>
  /** Where log lines go when no `logging.file` is configured. Defaults to nowhere. */
  logStream?: LogStream
  /** Defaults to the cores that this process may use. */
  cores?: number
  /**
   * Folder that keeps the histories of sessions for later backends (docs/sessions.md). Created for its owner only
   * (0700) if it does not exist. One backend at a time uses it: if another one does, if the folder cannot be used, or
   * if its file is damaged, initializing fails with `invalid_argument`. If a history cannot be written, the answer is
   * still returned, and the log and the `sessions` status report it. Defaults to none: histories end with the backend.
   */
  stateDir?: string
}
