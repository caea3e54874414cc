import {NnError} from '../../errors.js'
import type {LocalCore} from '../../backend/index.js'
import {graphOf} from '../graph-of.js'
import {checkName} from '../model-name.js'

/** Names of the shared models, which are unique because users and HTTP clients use them. */
export class GraphNames {
  /** Names of models that are being loaded. */
  private readonly reserved = new Set<string>()

  constructor(private readonly backend: LocalCore) {}

  /** Runs a load under a name that is free. @throws `invalid_argument` for a name that is taken, or is a number. */
  async holding<T>(name: string, load: () => Promise<T>): Promise<T> {
    checkName(name, 'Choose another name.')
    const graphs = await this.backend.graphs()
    const taken = graphs.find((graph) => graph.name === name)
    if (taken !== undefined) {
      throw new NnError('name_taken', `A model named ${name} is already loaded, as graph ${taken.graph}.`, {
        hint: `Choose another --name, or unload the other model first: wnn unload ${name}`,
      })
    }
    if (this.reserved.has(name)) {
      // Nothing can be unloaded yet, and the other load may be of the same model.
      throw new NnError('name_taken', `A model named ${name} is being loaded.`, {
        hint: 'Try again when it is loaded, or choose another --name.',
      })
    }
    this.reserved.add(name)
    try {
      return await load()
    } finally {
      this.reserved.delete(name)
    }
  }

  /** The graph of that name or number. @throws `model_not_found` when there is none. */
  async find(model: string): Promise<{graph: number; name: string}> {
    const graphs = await this.backend.graphs()
    const found = graphOf(graphs, model)
    if (found !== undefined) return found
    const names = graphs.map(({graph, name}) => `${name} (graph ${graph})`).join(', ')
    throw new NnError('model_not_found', `The daemon has no model ${model}.`, {
      hint: names === '' ? 'It has none.' : `It has ${names}.`,
    })
  }
}
