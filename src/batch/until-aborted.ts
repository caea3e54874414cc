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
