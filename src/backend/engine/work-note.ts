/**
 * What an engine works on: ids of requests. The engine notes it in a file that it got from the host, because a message may be
 * lost with the process. The host reads the note when the process has died.
 */
export interface Work {
  /** Requests that are read: their templates, texts, grammars. That happens on the thread of the event loop. */
  reading: readonly number[]
  /** Requests that are evaluated and sampled, on other threads. */
  running: readonly number[]
  /** Whether anything is evaluated or sampled at this moment. Only kept up to date while a request is read. */
  computes: boolean
}

export const noWork: Work = {reading: [], running: [], computes: false}

/** Maximum number of bytes that are read: more requests than slots do not run together. */
export const mostNoteBytes = 16_384

export function encodeWork({reading, running, computes}: Work): Uint8Array {
  return new Uint8Array(Uint32Array.of(computes ? 1 : 0, reading.length, running.length, ...reading, ...running).buffer)
}

/** @param bytes what was read from the file: the note, which may be followed by parts of longer ones */
export function decodeWork(bytes: Uint8Array): Work {
  const numbers = new Uint32Array(bytes.slice(0, bytes.length - (bytes.length % 4)).buffer)
  const [computes = 0, reading = 0, running = 0] = numbers
  if (3 + reading + running > numbers.length) return noWork
  return {
    reading: [...numbers.subarray(3, 3 + reading)],
    running: [...numbers.subarray(3 + reading, 3 + reading + running)],
    computes: computes === 1,
  }
}
