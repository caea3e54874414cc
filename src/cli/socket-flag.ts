import {Flags} from '@oclif/core'

/** Which daemon a command means. */
export const socketFlag = {
  socket: Flags.string({
    env: 'WNN_SOCKET',
    description: "The daemon's socket. Defaults to wnn/daemon.sock in the user's runtime folder.",
    helpValue: 'file',
  }),
}
