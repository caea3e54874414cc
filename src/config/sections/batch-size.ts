import {Type} from '../../documents/index.js'

export const batchSize = (description: string) =>
  Type.Union([Type.Integer({minimum: 1, maximum: 65_536}), Type.Literal('auto')], {
    default: 'auto',
    unit: 'tokens',
    description,
  })
