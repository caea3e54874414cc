import {realPath} from '../system/real-path.js'
import {firstPart} from '../system/split-files.js'

/** Whether two paths lead to the same model: by links, by another way, or to another part of a split one. */
export function isSameModel(one: string, other: string): boolean {
  return realPath(firstPart(one)) === realPath(firstPart(other))
}
