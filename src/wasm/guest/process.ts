import type {HostReply, HostRequest, ProcessMessage, ProcessReply, ProcessStart} from '../bridge/protocol.js'
import {compileGuest} from '../run/read-guest.js'
import {GuestThread} from '../run/guest-thread.js'

/**
 * A process for one guest (`--isolate`). Its thread is the same as without; this process only passes on what the guest
 * asks, and the host ends the process.
 */
const waiting = new Map<number, (reply: HostReply) => void>()
let calls = 0

process.on('message', (message: ProcessStart | ProcessReply) => {
  if ('start' in message) void runGuest(message.start)
  else {
    waiting.get(message.call)?.(message.reply)
    waiting.delete(message.call)
  }
})
// Not exit: it would wait for a thread that a system call blocks.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))

async function runGuest({bytes, limitBytes, ...start}: ProcessStart['start']): Promise<void> {
  const {module} = await compileGuest(bytes, limitBytes)
  const thread = new GuestThread({...start, module, answer: ask})
  send(await thread.ended)
}

function ask(request: HostRequest): Promise<HostReply> {
  const call = ++calls
  return new Promise((resolve) => {
    waiting.set(call, resolve)
    send({call, request})
  })
}

function send(message: ProcessMessage): void {
  process.send?.(message)
}
