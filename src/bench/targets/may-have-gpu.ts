import {existsSync} from 'node:fs'

/** What Linux has for a card of NVIDIA (also in WSL) or AMD, and for any other that Vulkan drives. */
const devices = ['/dev/nvidiactl', '/dev/dxg', '/dev/kfd', '/dev/dri/renderD128']

/**
 * Whether this machine may have a GPU. Only the engine knows for certain, and asking for one costs it most of a second at
 * its start, so that a machine that has none for sure does without.
 */
export function mayHaveGpu(platform: NodeJS.Platform = process.platform, exists = existsSync): boolean {
  return platform !== 'linux' || devices.some((device) => exists(device))
}
