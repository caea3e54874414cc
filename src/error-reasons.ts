/**
 * The error codes of WASI-NN's llama.cpp backends: what a guest, a suite and a script see. `number` is the value in the
 * re-created system's C header, which status JSON and logs may show; the wasm ABI has other numbers, which exist only
 * at that edge. `not_running` exists only in the commands, not in that header.
 */
export const errorCodes = {
  invalid_argument: {number: 1, text: 'An argument is not valid.'},
  invalid_encoding: {
    number: 2,
    text: 'The graph encoding is not supported (use ggml or autodetect), or a text is not UTF-8.',
  },
  timeout: {number: 3, text: 'The task did not finish in time.'},
  runtime_error: {number: 4, text: 'The backend could not run the call.'},
  unsupported_operation: {number: 5, text: 'The operation is not supported.'},
  too_large: {number: 6, text: 'The data or the model does not fit.'},
  not_found: {number: 7, text: 'The named thing does not exist.'},
  security: {number: 8, text: 'The call is not allowed.'},
  unknown: {number: 9, text: 'An unexpected error occurred.'},
  end_of_sequence: {number: 100, text: 'The answer is complete.'},
  context_full: {number: 101, text: 'The context is full.'},
  prompt_too_long: {number: 102, text: 'The prompt does not fit the context.'},
  model_not_found: {number: 103, text: 'There is no model of that name or path.'},
  not_running: {number: 104, text: 'No daemon is running.'},
} as const satisfies Record<string, {number: number; text: string}>

/** The name of an error code; see `errorCodes`. */
export type ErrorCode = keyof typeof errorCodes

interface ReasonRow {
  code: ErrorCode
  /** HTTP status. */
  status: number
  /** Exit code of a command that fails with it. */
  exit: number
  /** When it happens, for docs/reference/errors.md. */
  when: string
  /** Nothing was started because no place was free; the same call may succeed later. Defaults to `false`. */
  retry?: true
}

/**
 * Every way a call can fail, one row each: the code is for the ABI and for scripts, the reason says what happened. A
 * `catch` matches the reason, so that it does not swallow other errors of the same code.
 */
export const reasons = {
  invalid_argument: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'An argument, a flag, a tensor or a setting is not valid. Nothing was changed.',
  },
  invalid_document: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'A configuration, a suite or another document has mistakes. Each is listed with its line and column.',
  },
  invalid_model: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'The file or the bytes are not a model that llama.cpp can load.',
  },
  context_closed: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'The execution context does not exist or was closed.',
  },
  graph_not_loaded: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'The graph does not exist or was unloaded.',
  },
  backend_released: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'The backend was released before the call.',
  },
  name_taken: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'Another model has that name, or the same one has other settings.',
  },
  file_exists: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'A file is there already and is not overwritten.',
  },
  file_unusable: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: 'A file or folder cannot be read or written.',
  },
  invalid_encoding: {
    code: 'invalid_encoding',
    status: 400,
    exit: 2,
    when: 'A text is not UTF-8, nor UTF-16 with a byte order mark, or `load` got an encoding other than `ggml` and `autodetect`.',
  },
  unsupported_operation: {
    code: 'unsupported_operation',
    status: 400,
    exit: 2,
    when: '`load` got the target `tpu`, or the daemon is of another version.',
  },
  not_found: {
    code: 'not_found',
    status: 404,
    exit: 2,
    when: 'Something that the caller named does not exist; models have a reason of their own.',
  },
  model_not_found: {
    code: 'model_not_found',
    status: 404,
    exit: 2,
    when: 'There is no model of that name or path.',
  },
  security: {
    code: 'security',
    status: 403,
    exit: 2,
    when: 'The call is not allowed, for example because others may open the folder, or the API key is missing.',
  },
  timeout: {
    code: 'timeout',
    status: 504,
    exit: 3,
    when: 'Something did not happen in time.',
  },
  deadline: {
    code: 'timeout',
    status: 504,
    exit: 3,
    when: "The task waited and ran for longer than `default_task_timeout_ms` or the request's `timeout_ms`. The text so far can be read, but it is not in the history.",
  },
  engine_silent: {
    code: 'timeout',
    status: 504,
    exit: 3,
    when: 'The engine process does not answer.',
  },
  runtime_error: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The backend, llama.cpp or a server could not run the call.',
  },
  queue_full: {
    code: 'runtime_error',
    status: 429,
    exit: 3,
    when: 'The queue is full.',
    retry: true,
  },
  too_many_contexts: {
    code: 'runtime_error',
    status: 429,
    exit: 3,
    when: 'As many execution contexts are open as `max_concurrent` allows.',
    retry: true,
  },
  sessions_busy: {
    code: 'runtime_error',
    status: 429,
    exit: 3,
    when: 'There are `max_sessions` sessions and none can be evicted, because all are computing.',
    retry: true,
  },
  model_switching: {
    code: 'runtime_error',
    status: 429,
    exit: 3,
    when: 'The model is being switched, and the new one is not loaded yet.',
    retry: true,
  },
  too_many_sessions: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'There are `max_sessions` sessions, and `auto_cleanup` is off.',
  },
  switch_running: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'Another switch of the graph is running.',
  },
  task_cancelled: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'A switch with mode `cancel` ended the task.',
  },
  model_unloaded: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The model was unloaded before the task finished.',
  },
  closed_while_computing: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The execution context was closed while it computed.',
  },
  aborted: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The caller aborted the task before it started.',
  },
  engine_died: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The engine process died while it worked on the task.',
  },
  engine_failed: {
    code: 'runtime_error',
    status: 503,
    exit: 3,
    when: 'The engine died too often and is not restarted.',
  },
  request_killed_engine: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The engine died because of this request. The same request is rejected for ten minutes, and other requests are answered.',
  },
  model_changed: {
    code: 'runtime_error',
    status: 503,
    exit: 3,
    when: "The model's file was replaced, overwritten or removed since the model was loaded, so the engine cannot continue.",
  },
  connection_lost: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The daemon ended or closed the connection.',
  },
  daemon_stopping: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The daemon is stopping and accepts no new work.',
  },
  client_unknown: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The daemon was restarted and does not know this client.',
  },
  rows_in_doubt: {
    code: 'runtime_error',
    status: 500,
    exit: 3,
    when: 'The model or the input of a batch changed during the run: rows may belong to either version.',
  },
  not_running: {
    code: 'not_running',
    status: 503,
    exit: 3,
    when: 'No daemon listens on the socket, or a server for `wnn bench` does not answer.',
  },
  too_large: {
    code: 'too_large',
    status: 500,
    exit: 3,
    when: 'The data does not fit.',
  },
  model_too_large: {
    code: 'too_large',
    status: 500,
    exit: 3,
    when: 'The model does not fit into memory.',
  },
  buffer_too_small: {
    code: 'too_large',
    status: 500,
    exit: 3,
    when: "The caller's buffer is too small. `neededBytes` has the required size. Nothing was written.",
  },
  context_full: {
    code: 'context_full',
    status: 400,
    exit: 3,
    when: 'The context is full and `context_shifting` is off. The text so far can be read.',
  },
  prompt_too_long: {
    code: 'prompt_too_long',
    status: 400,
    exit: 3,
    when: 'The prompt alone does not fit into `ctx_size`.',
  },
  conversation_rejected: {
    code: 'invalid_argument',
    status: 400,
    exit: 2,
    when: "The model's chat template does not take the conversation: it says why, or it would leave a message out.",
  },
  invalid_template: {
    code: 'invalid_argument',
    status: 500,
    exit: 2,
    when: "The model's chat template cannot be read, rejects every conversation, or was ended: it did not finish, took too much memory, or is nested too deeply.",
  },
  end_of_sequence: {
    code: 'end_of_sequence',
    status: 500,
    exit: 0,
    when: '`compute_single` was called after the last token: the answer is complete.',
  },
  unknown: {
    code: 'unknown',
    status: 500,
    exit: 3,
    when: 'An unexpected error. This is a bug; please report it.',
  },
} as const satisfies Record<string, ReasonRow>

/** What happened; see `reasons`. */
export type Reason = keyof typeof reasons
