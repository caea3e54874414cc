import {setFlagsFromString} from 'node:v8'

/**
 * Lets the heap of this process grow by little, for good. A batch keeps next to nothing, but V8 gives young garbage ever
 * more room as long as there is much of it: 50 MiB over some 20,000 items, which stay (docs/benchmarks.md). The flags are
 * read whenever a heap is about to grow, so that they can be set while it runs.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=20')
}
