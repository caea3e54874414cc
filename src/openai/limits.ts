/** What a client may cost the server. Times are milliseconds, sizes bytes. */
export interface HttpLimits {
  /** Largest request body; a larger one is refused with 413. Defaults to 4 MiB. */
  bodyBytes: number
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
  /** A stream that is silent for so long gets a comment, which keeps proxies from closing it. Defaults to 15 s. */
  commentMs: number
  /** A client that is behind with taking its stream for so long loses it. Defaults to 30 s. */
  stalledMs: number
  /** A client that has so much of its stream still to take loses it. Defaults to 1 MiB. */
  pendingBytes: number
}

export const defaultLimits: HttpLimits = {
  bodyBytes: 4 * 1024 ** 2,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 60_000,
  connections: 1024,
  openStreamMs: 250,
  commentMs: 15_000,
  stalledMs: 30_000,
  pendingBytes: 1024 ** 2,
}
