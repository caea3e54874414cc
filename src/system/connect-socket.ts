import {mkdtempSync, rmSync, symlinkSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

/** Addresses of unix sockets are limited to 107 bytes on Linux, to 103 elsewhere. */
const maxAddressBytes = 103

/** Connects to a socket whose path may be longer than an address. Rejects with the system's error. */
export function connectSocket(file: string): Promise<net.Socket> {
  return withAddress(
    file,
    (address) =>
      new Promise((resolve, reject) => {
        const socket = net.connect(address)
        socket.once('error', reject)
        socket.once('connect', () => {
          socket.off('error', reject)
          resolve(socket)
        })
      }),
  )
}

/** Goes through a symbolic link for a path that is too long; the socket itself is where it should be. */
export async function withAddress<T>(file: string, use: (address: string) => Promise<T>): Promise<T> {
  if (!isLong(file)) return use(file)
  const shortest = [os.tmpdir(), '/tmp'].find((each) => Buffer.byteLength(each) < maxAddressBytes / 2) ?? '/tmp'
  const folder = mkdtempSync(path.join(shortest, 'wnn-'))
  try {
    const link = path.join(folder, 'f')
    symlinkSync(path.dirname(path.resolve(file)), link)
    return await use(path.join(link, path.basename(file)))
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

/** Whether a path is longer than an address may be. */
export function isLong(file: string): boolean {
  return Buffer.byteLength(file) > maxAddressBytes
}
