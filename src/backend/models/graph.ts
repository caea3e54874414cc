import type {GraphId} from '../contract/types.js'
import type {Config} from '../../config/index.js'
import type {LoadedModel} from './loaded-model.js'

/** A handle that contexts are bound to, and its current model. */
export class Graph {
  /** Whether a switch is running. */
  switching = false

  constructor(
    readonly id: GraphId,
    /** Its given name; without one, the model's name. */
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
