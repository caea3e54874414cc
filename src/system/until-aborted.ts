/**
 * The items that come before the signal is aborted, which nobody waits past for an item. It does not close the source:
 * that may be busy with just that item.
 */
export async function* untilAborted<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]()
  while (!signal.aborted) {
    const next = await nextUnlessAborted(iterator, signal)
    if (next === undefined || next.done === true) return
    yield next.value
  }
}

/** Waits for the first item; gives all of them, or `undefined` when there is none or the signal is aborted. */
export async function begun<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
): Promise<AsyncIterable<Item> | undefined> {
  const iterator = items[Symbol.asyncIterator]()
  const first = signal.aborted ? undefined : await nextUnlessAborted(iterator, signal)
  if (first === undefined || first.done === true) return undefined
  const {value} = first
  return (async function* () {
    yield value
    yield* {[Symbol.asyncIterator]: () => iterator}
  })()
}

function nextUnlessAborted<Item>(
  iterator: AsyncIterator<Item>,
  signal: AbortSignal,
): Promise<IteratorResult<Item, unknown> | undefined> {
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(undefined)
    signal.addEventListener('abort', end)
    // A listener for each item, gone with it: reactions on one promise for all of them would pile up.
    iterator
      .next()
      .finally(() => signal.removeEventListener('abort', end))
      .then(resolve, reject)
  })
}
