import {bindSocket} from '../../../src/system/bind-socket.js'
import {NnError} from '../../../src/errors.js'

/** Binds the socket that it is given, says how that went, and stays as long as its standard input is open. */
const said = await bindSocket(process.argv[2] ?? '', (connection) => connection.destroy()).then(
  () => 'bound',
  (error: unknown) => (error instanceof NnError ? 'refused' : String(error)),
)
process.stdin.resume()
console.log(said)
