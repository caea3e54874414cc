import {Type} from '../../documents/index.js'

/** A limit in milliseconds; 0 is none. Timers take no more than 2^31 - 1. */
export const timeLimit = (options: {default?: number; description: string}) =>
  Type.Union([Type.Literal(0), Type.Integer({minimum: 10, maximum: 86_400_000})], {unit: 'ms', ...options})
