import type {BackendStatus} from '../../backend/contract/status.js'
import {explainDisks} from './why-disks.js'
import type {Finding} from './finding.js'
import {explainModels} from './why-models.js'
import {explainQueue} from './why-queue.js'
import {explainSessions} from './why-sessions.js'

/** The problems with their numbers and the setting to change, then hints. Empty if all is well. */
export function explainStatus(status: BackendStatus): Finding[] {
  const findings = [
    ...explainModels(status),
    ...explainQueue(status),
    ...explainSessions(status),
    ...explainDisks(status),
  ]
  return [...findings.filter(({level}) => level === 'problem'), ...findings.filter(({level}) => level === 'hint')]
}
