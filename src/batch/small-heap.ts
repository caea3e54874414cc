import {setFlagsFromString} from 'node:v8'

/**
 * Limits the growth of this process's heap permanently. A batch keeps almost nothing, but V8 enlarges the space for
 * young objects while there is much garbage: by 50 MiB over 20,000 items, which are never released
 * (docs/benchmarks.md). V8 reads the flags whenever a heap grows, so they can be set at run time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=20')
}
