import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { openClient } from './client.ts'
import { login } from './login.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-kubeconfig-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const host = realHost()
const entry = (name: string, member: string, value: object): object => ({ name, [member]: value })

async function file(name: string, content: object): Promise<string> {
  const path = join(dir, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...content }))
  return path
}

const one = (user: object, cluster: object = {}): object => ({
  'current-context': 'x',
  contexts: [entry('x', 'context', { cluster: 'c', user: 'u' })],
  clusters: [entry('c', 'cluster', { server: 'https://127.0.0.1:1', ...cluster })],
  users: [entry('u', 'user', user)],
})
const loggedIn = (path: string | null, env: Readonly<Record<string, string>> = {}): ReturnType<typeof login> =>
  login({ host, env, path, context: null })

test('several files in KUBECONFIG are merged: the first entry of a name counts', async () => {
  const first = await file('a/config', {
    'current-context': 'shop',
    contexts: [entry('shop', 'context', { cluster: 'c', user: 'u', namespace: 'first' })],
  })
  const second = await file('b/config', {
    'current-context': 'other',
    contexts: [entry('shop', 'context', { cluster: 'none' })],
    clusters: [entry('c', 'cluster', { server: 'https://127.0.0.1:1/', 'certificate-authority': 'ca.crt' })],
    users: [entry('u', 'user', { tokenFile: 'token' })],
  })
  await writeFile(join(dir, 'b/ca.crt'), 'CA')
  await writeFile(join(dir, 'b/token'), 'one\n')
  const found = await loggedIn(null, { KUBECONFIG: [join(dir, 'missing'), first, second].join(':') })
  expect(found).toMatchObject({ url: 'https://127.0.0.1:1', namespace: 'first', tls: { ca: Buffer.from('CA') } })
  expect(await found.identity?.()).toEqual({ headers: { authorization: 'Bearer one' } })
  await writeFile(join(dir, 'b/token'), 'two\n')
  // A refused token is read again at once.
  found.refused?.()
  expect(await found.identity?.()).toEqual({ headers: { authorization: 'Bearer two' } })
  await expect(loggedIn(null, { KUBECONFIG: join(dir, 'missing') })).rejects.toThrow(
    /no readable kubeconfig at .*missing/,
  )
})

test('impersonation: user, groups, uid and additional attributes', async () => {
  const path = await file(
    'as',
    one({
      token: 't',
      as: 'jane',
      'as-groups': ['dev', 'ops'],
      'as-uid': '7',
      'as-user-extra': { 'Example.com/Team': ['shop'] },
    }),
  )
  expect(await (await loggedIn(path)).identity?.()).toEqual({
    headers: {
      authorization: 'Bearer t',
      'impersonate-user': 'jane',
      'impersonate-group': ['dev', 'ops'],
      'impersonate-uid': '7',
      'impersonate-extra-example.com%2Fteam': ['shop'],
    },
  })
  await expect(loggedIn(await file('as', one({ token: 't', 'as-groups': ['dev'] })))).rejects.toThrow('without `as`')
})

test('an exec plugin beside its kubeconfig returns a token or a certificate', async () => {
  const plugin = join(dir, 'exec/bin/plugin')
  await mkdir(join(plugin, '..'), { recursive: true })
  await writeFile(
    plugin,
    `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" | grep -q '"kind":"ExecCredential"' || exit 3\necho ` +
      `'{"status":{"token":"t","clientCertificateData":"CERT","clientKeyData":"KEY"}}'\n`,
  )
  await chmod(plugin, 0o755)
  const path = await file(
    'exec/config',
    one({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin' } }),
  )
  expect(await (await loggedIn(path)).identity?.()).toEqual({
    headers: { authorization: 'Bearer t' },
    cert: 'CERT',
    key: 'KEY',
  })
  await writeFile(plugin, '#!/bin/sh\necho "no session" >&2\nexit 1\n')
  await expect((await loggedIn(path)).identity?.()).rejects.toMatchObject({
    code: 'WEIR_KUBERNETES_LOGIN',
    message: expect.stringContaining('failed: no session') as string,
  })
  const absent = await file(
    'exec/absent',
    one({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'weir-no-such-plugin',
        installHint: 'Install it.',
      },
    }),
  )
  await expect((await loggedIn(absent)).identity?.()).rejects.toMatchObject({
    code: 'WEIR_KUBERNETES_LOGIN',
    message: 'user u: the exec plugin weir-no-such-plugin is not installed. Install it.',
  })
})

test('a missing certificate is named', async () => {
  const path = await file('ca', one({ token: 't' }, { 'certificate-authority': 'no/ca.crt' }))
  await expect(loggedIn(path)).rejects.toMatchObject({
    code: 'WEIR_KUBERNETES_LOGIN',
    message: expect.stringContaining(`the file ${join(dir, 'no/ca.crt')} cannot be read (ENOENT)`) as string,
  })
})

test('requests go through the proxy of the cluster', async () => {
  const requests: IncomingMessage[] = []
  const proxy = createServer((request, response) => {
    requests.push(request)
    response.end('{}')
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const client = openClient(
    await loggedIn(await file('proxy', one({ token: 't' }, { server: 'http://cluster.invalid', 'proxy-url': url }))),
  )
  try {
    const { status } = await client.ask('/version', {}, AbortSignal.timeout(5000))
    expect([status, requests[0]?.url]).toEqual([200, 'http://cluster.invalid/version'])
  } finally {
    client.close()
    proxy.closeAllConnections()
    proxy.close()
  }
  await expect(
    loggedIn(await file('socks', one({ token: 't' }, { 'proxy-url': 'socks5://127.0.0.1:1' }))),
  ).rejects.toThrow(/`proxy-url` of cluster c/)
})
