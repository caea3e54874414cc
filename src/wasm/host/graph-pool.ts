import type {GraphId} from '../../backend/contract/types.js'
import type {NnBackend} from './nn-backend.js'

interface Shared {
  id: Promise<GraphId>
  users: number
}

/** Loaded models that several guests share: one per path and configuration. The last user's release unloads it. */
export class GraphPool {
  private readonly shared = new Map<string, Shared>()

  constructor(private readonly backend: Pick<NnBackend, 'loadByNameWithConfig' | 'unload'>) {}

  /** @throws errors of loading; a failed load is tried again by the next call. */
  async acquire(path: string, config: string): Promise<GraphId> {
    const key = keyOf(path, config)
    let shared = this.shared.get(key)
    if (shared === undefined) {
      shared = {id: this.backend.loadByNameWithConfig(path, config), users: 0}
      this.shared.set(key, shared)
    }
    shared.users++
    try {
      return await shared.id
    } catch (error) {
      if (this.shared.get(key) === shared) this.shared.delete(key)
      throw error
    }
  }

  async release(path: string, config: string): Promise<void> {
    const key = keyOf(path, config)
    const shared = this.shared.get(key)
    if (shared === undefined || --shared.users > 0) return
    this.shared.delete(key)
    await this.backend.unload(await shared.id)
  }
}

function keyOf(path: string, config: string): string {
  return JSON.stringify([path, config])
}
