/** Limits for clients. Times are in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** Maximum request body; a larger one gets 413. Defaults to 4 MiB. */
  bodyBytes: number
  /** Of a request that is rejected before its body was read, at most this much more is read and discarded. Defaults to 64 MiB. */
  discardBytes: number
  /** For how long it is discarded. Defaults to 5 s. */
  discardMs: number
  /** For the headers of a request to arrive; then 408. Defaults to 10 s. */
  headersMs: number
  /** For a whole request, its body included, to arrive; then 408. Defaults to 30 s. */
  requestMs: number
  /** An idle connection is closed after this time. Defaults to 60 s. */
  keepAliveMs: number
  /** Open connections; further ones are closed at once. Defaults to 1,024. */
  connections: number
  /** A stream's headers are sent with its first text, or after this time: until then an error has its status. Defaults to 250 ms. */
  openStreamMs: number
  /** A stream that is silent for this time gets a comment, which keeps proxies from closing it. Defaults to 15 s. */
  commentMs: number
  /** A client that has not read its stream for this time is disconnected. Defaults to 30 s. */
  stalledMs: number
  /** A client with this much unread data is disconnected. Defaults to 1 MiB. */
  pendingBytes: number
}

export const defaultLimits: HttpLimits = {
  bodyBytes: 4 * 1024 ** 2,
  discardBytes: 64 * 1024 ** 2,
  discardMs: 5000,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 60_000,
  connections: 1024,
  openStreamMs: 250,
  commentMs: 15_000,
  stalledMs: 30_000,
  pendingBytes: 1024 ** 2,
}
