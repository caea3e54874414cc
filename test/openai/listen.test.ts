import http from 'node:http'
import {writeFile} from 'node:fs/promises'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {initCore, type LocalCore} from '../../src/index.js'
import {isLoopback, listenHttp} from '../../src/openai/index.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('listening for HTTP')
let backend: LocalCore
test.before(async () => {
  backend = await initCore()
})
test.after(() => backend.deinit())
const environment = {}

test('only loopback addresses need no key', async () => {
  const hosts = ['127.0.0.1', '127.8.8.8', '::1', 'localhost', '0.0.0.0', '::', '192.168.1.2', 'example.org', '']
  assert.equal(hosts.filter(isLoopback), ['127.0.0.1', '127.8.8.8', '::1', 'localhost'])
  await rejects(listenHttp(backend, {port: 0, host: '0.0.0.0', environment}), 'security', /it needs an API key/)
  await using server = await listenHttp(backend, {port: 0, host: '0.0.0.0', environment: {WNN_API_KEY: 'k'}})
  assert.match(server.url, /^http:\/\/0\.0\.0\.0:\d+$/)
})

test('the key comes from its file first, without the line break', async (t) => {
  const file = path.join(temporaryFolder(t), 'key')
  await writeFile(file, 'from the file\n')
  await using server = await listenHttp(backend, {port: 0, apiKeyFile: file, environment: {WNN_API_KEY: 'other'}})
  const status = async (key: string): Promise<number> =>
    (await fetch(`${server.url}/nowhere`, {headers: {authorization: `Bearer ${key}`}})).status
  assert.equal([await status('from the file'), await status('other')], [404, 401])
})

test('a key that cannot be used is an error, not an open door', async (t) => {
  const file = path.join(temporaryFolder(t), 'key')
  await writeFile(file, ' \n')
  await rejects(listenHttp(backend, {port: 0, apiKeyFile: file}), 'invalid_argument', /is empty/)
  await rejects(listenHttp(backend, {port: 0, apiKeyFile: `${file}2`}), 'invalid_argument', /cannot be read/)
  await rejects(listenHttp(backend, {port: 0, environment: {WNN_API_KEY: ''}}), 'invalid_argument', /WNN_API_KEY/)
})

test('a port that is taken is an error', async () => {
  await using server = await listenHttp(backend, {port: 0, environment})
  const port = Number(new URL(server.url).port)
  await rejects(listenHttp(backend, {port, environment}), 'invalid_argument', /EADDRINUSE/)
})

test('closing may take as long as the running answers', async () => {
  await using server = await listenHttp(backend, {port: 0, environment: {}})
  // By default the hook that waits for them throws after 10 s.
  const {initialConfig} = server.app as unknown as {initialConfig: {pluginTimeout: number}}
  assert.is(initialConfig.pluginTimeout, 0)
})

test('a key that no header can carry is rejected, with what is wrong', async (t) => {
  const file = path.join(temporaryFolder(t), 'key')
  const unusable: [key: string, said: RegExp][] = [
    ['a\nb', /has more than one line/],
    ['a\r\nX-Evil: 1', /has more than one line/],
    [' a', /has a space before or after it/],
    ['a ', /has a space before or after it/],
    ['a\t', /has a space before or after it/],
    ['schl\u00fcssel', /has the character U\+00FC at position 5, which no header can carry/],
    ['k\u{1F511}', /has the character U\+1F511 at position 2/],
    ['a\u0007b', /has the character U\+0007 at position 2/],
    ['\u007F', /has the character U\+007F at position 1/],
    ['  ', /is empty/],
    ['\n\n', /is empty/],
  ]
  for (const [key, said] of unusable) {
    await writeFile(file, `${key}\n`)
    await rejects(listenHttp(backend, {port: 0, apiKeyFile: file}), 'invalid_argument', said)
    await rejects(listenHttp(backend, {port: 0, environment: {WNN_API_KEY: key}}), 'invalid_argument', said)
  }
  // A variable has no line break of its own, other than a file.
  await rejects(listenHttp(backend, {port: 0, environment: {WNN_API_KEY: 'a\n'}}), 'invalid_argument', /one line/)
  for (const end of ['', '\n', '\r\n']) {
    await writeFile(file, `a b~!${end}`)
    await using server = await listenHttp(backend, {port: 0, apiKeyFile: file})
    const headers = {authorization: 'Bearer a b~!'}
    assert.is((await fetch(`${server.url}/v1/models`, {headers})).status, 200)
  }
})

test('with a key any name of the server may be asked for', async () => {
  await using server = await listenHttp(backend, {port: 0, environment: {WNN_API_KEY: 'k'}})
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    http
      .get(`${server.url}/nowhere`, {headers: {host: 'my-server.example', authorization: 'Bearer k'}}, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      .on('error', reject)
  })
  assert.is(answer, 404)
})
