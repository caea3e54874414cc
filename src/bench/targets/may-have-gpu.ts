import {existsSync} from 'node:fs'

/** Linux device files of NVIDIA cards (also in WSL), AMD cards, and others that Vulkan supports. */
const devices = ['/dev/nvidiactl', '/dev/dxg', '/dev/kfd', '/dev/dri/renderD128']

/**
 * Whether this machine may have a GPU. Only the engine knows for certain, but the check delays its start by almost a
 * second, so it is skipped on machines that certainly have none.
 */
export function mayHaveGpu(platform: NodeJS.Platform = process.platform, exists = existsSync): boolean {
  return platform !== 'linux' || devices.some((device) => exists(device))
}
