import type {GraphId} from '../contract/types.js'
import type {Config} from '../../config/index.js'
import type {LoadedModel} from './loaded-model.js'

/** What contexts are bound to: a handle, and the model that stands behind it at the time. */
export class Graph {
  /** Whether another model is on its way. */
  switching = false

  constructor(
    readonly id: GraphId,
    /** The name that it was given; without one it goes by its model's. */
    private readonly givenName: string | undefined,
    public model: LoadedModel,
  ) {}

  get name(): string {
    return this.givenName ?? this.model.parts.name
  }

  get config(): Config {
    return this.model.config
  }
}
