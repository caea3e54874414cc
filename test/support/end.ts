const graceMs = 2000
let pending = 0

/** Counts the tests of this process that have not ended. */
export function expectTests(count: number): void {
  pending += count
}

/**
 * After the last test the process must end by itself: what still runs then (a timer, a socket, an engine) is a leak
 * of the code under test, so it is named and the file fails, where uvu would hang.
 */
export function testEnded(): void {
  pending -= 1
  if (pending > 0) return
  setTimeout(() => {
    if (pending > 0) return
    const alive = process.getActiveResourcesInfo().filter((resource) => resource !== 'PipeWrap')
    console.error(`Still alive ${graceMs} ms after the last test: ${alive.join(', ')}`)
    process.exit(1)
  }, graceMs).unref()
}
