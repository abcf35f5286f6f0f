import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  bookmark,
  json,
  list,
  refusal,
  ScriptedApiServer,
  watch,
  type Scene,
} from '../../../test/kit/scripted-api-server.ts'
import { realHost, type Host } from '../../host/index.ts'
import { login } from './login.ts'
import { Reader } from '../../connectors/kubernetes/client/reader.ts'
import type { Target } from '../../connectors/kubernetes/client/types.ts'
import { openClient } from './client.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-login-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const real = realHost()

async function kubeconfig(server: string, user: object, context: object = {}): Promise<string> {
  const path = join(dir, 'config')
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'u', ...context } }],
      clusters: [{ name: 'x', cluster: { server } }],
      users: [{ name: 'u', user }],
    }),
  )
  return path
}

test('a token renewed in its file is used after the server refuses the old one; the open watch stays', async () => {
  const token = join(dir, 'token')
  await writeFile(token, 'first')
  const used: string[] = []
  // From here on only the new token is valid.
  const guarded =
    (scene: Scene, wanted: string): Scene =>
    (response, query, request) => {
      used.push(request.headers.authorization ?? '')
      return request.headers.authorization === `Bearer ${wanted}`
        ? scene(response, query, request)
        : json(refusal(401), 401)(response, query, request)
    }
  let end: () => void = () => undefined
  const open: Scene = async (response, query, request) => {
    await watch([bookmark(2)], { hold: true })(response, query, request)
    end = () => response.end()
  }
  const server = await ScriptedApiServer.start(
    guarded(json(list(1, [])), 'first'),
    guarded(open, 'first'),
    guarded(watch([bookmark(3)]), 'second'),
    guarded(watch([bookmark(3)], { hold: true }), 'second'),
  )
  const host: Host = {
    ...real,
    timers: { ...real.timers, sleep: (ms, signal) => real.timers.sleep(Math.min(ms, 5), signal) },
  }
  const client = openClient(
    await login({
      host,
      env: {},
      path: await kubeconfig(server.url, { 'auth-provider': { name: 'file', config: { tokenFile: token } } }),
      context: null,
    }),
  )
  const reached: string[] = []
  const target: Target = {
    cursor: undefined,
    listing: () => undefined,
    present: () => undefined,
    listed: (version) => void reached.push(version),
    changed: () => undefined,
    reached: (version) => void reached.push(version),
  }
  const reader = new Reader({ path: '/api/v1/configmaps', streams: false, ask: client.ask, target, host })
  const stop = new AbortController()
  const ended = reader.run(stop.signal)
  try {
    await expect.poll(() => reached).toEqual(['1', '2'])
    await writeFile(token, 'second')
    expect(reader.status().state).toBe('watching')
    end()
    await expect.poll(() => reached.at(-1)).toBe('3')
    expect(reader.status()).toMatchObject({ state: 'watching', lists: 1 })
    expect([used[0], used[2], used.at(-1)]).toEqual(['Bearer first', 'Bearer first', 'Bearer second'])
  } finally {
    stop.abort()
    await ended
    client.close()
    await server.close()
  }
})

test('the default namespace of a Lease is that of the context or the pod', async () => {
  const path = await kubeconfig('http://127.0.0.1:1', { token: 't' }, { namespace: 'shop' })
  expect((await login({ host: real, env: {}, path, context: null })).namespace).toBe('shop')
  expect(
    (await login({ host: real, env: {}, path: await kubeconfig('http://127.0.0.1:1', { token: 't' }), context: null }))
      .namespace,
  ).toBeUndefined()
  const mounted: Host = {
    ...real,
    disk: {
      ...real.disk,
      readFile: (file) => Promise.resolve(Buffer.from(file.endsWith('/namespace') ? 'kollect\n' : 'x')),
    },
  }
  expect(
    await login({ host: mounted, env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, path: null, context: null }),
  ).toMatchObject({ namespace: 'kollect', url: 'https://10.0.0.1:443' })
})
