import {canSuspend} from '../webassembly.js'
import type {Bridge} from './bridge.js'
import type {BridgeName, ThreadStart} from './protocol.js'
import {SuspendBridge} from './suspend-bridge.js'
import {WaitBridge} from './wait-bridge.js'

/** JSPI where JavaScript has it, else the thread waits. */
export function bestBridge(): BridgeName {
  return canSuspend() ? 'suspend' : 'wait'
}

export function openBridge({bridge, port, control}: Pick<ThreadStart, 'bridge' | 'port' | 'control'>): Bridge {
  return bridge === 'suspend' ? new SuspendBridge(port) : new WaitBridge(port, new Int32Array(control))
}
