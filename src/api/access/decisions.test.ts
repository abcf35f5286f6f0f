import { expect, test } from 'vitest'
import { post, start } from '../testing/kit.ts'
import { authorize, accessRules } from './decisions.ts'
import { namespacesText } from '../../topics/scope.ts'
import { local, principal } from './principal.ts'

const auth = {
  tokens: [
    { name: 'root', token: 'secret-admin' },
    { name: 'eyes', token: 'secret-viewer', role: 'viewer' },
    { name: 'shop', token: 'secret-shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'none', token: 'secret-none', role: 'viewer', namespaces: [] },
  ],
} as const
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

interface Operation {
  readonly operationId: string
}

async function operations(url: string): Promise<{ method: string; path: string; operationId: string }[]> {
  const { paths } = (await (
    await fetch(`${url}/api/v1/openapi.json`, { headers: bearer('secret-viewer') })
  ).json()) as { paths: Record<string, Record<string, Operation>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({ method: method.toUpperCase(), path, operationId })),
  )
}

test('every operation of the API has an access rule, and every rule an operation', async () => {
  const { api } = await start({ auth })
  const described = (await operations(api.url)).map(({ operationId }) => operationId)
  expect(described.toSorted(), 'decide in src/api/access/decisions.ts').toEqual(Object.keys(accessRules).toSorted())
})

test('an operation without a rule is for admins', () => {
  const viewer = principal(
    { id: 'token:eyes', name: 'eyes', login: 'token' },
    { role: 'viewer', namespaces: undefined, peers: 'hidden' },
  )
  expect(() => authorize(viewer, 'addedTomorrow')).toThrow(
    'This operation requires the role admin, and eyes has the role viewer.',
  )
  expect(() => authorize(viewer, '')).toThrow('requires the role admin')
  expect(() => authorize(local, 'addedTomorrow')).not.toThrow()
})

test('each role gets 403 for exactly the operations that it may not use', async () => {
  // The statements of the store have no rows here.
  const { api, control } = await start({ auth, failures: [500], invented: true })
  const refused: Record<string, string[]> = {
    'secret-admin': [],
    'secret-viewer': [],
    'secret-shop': [],
    'secret-none': [],
  }
  for (const { method, path, operationId } of await operations(api.url)) {
    for (const token of Object.keys(refused)) {
      const gone = new AbortController()
      const answer = await fetch(api.url + path.replace(/\{(\w+)\}/g, 'some-$1'), {
        method,
        headers: bearer(token),
        signal: gone.signal,
      })
      if (answer.status === 403) {
        expect(await answer.json(), operationId).toMatchObject({
          code: 'WEIR_API_FORBIDDEN',
          hints: [expect.any(String), expect.any(String)],
        })
        refused[token]?.push(operationId)
      }
      expect(answer.status, `${operationId} ${token}`).not.toBe(401)
      gone.abort()
    }
  }
  const admins = Object.keys(accessRules).filter(
    (id) => accessRules[id]?.access === 'admin' || accessRules[id]?.access === 'events',
  )
  const unlimited = Object.keys(accessRules).filter((id) => accessRules[id]?.access === 'unlimited')
  expect(refused['secret-admin']).toEqual([])
  expect(refused['secret-viewer']?.toSorted()).toEqual(admins.toSorted())
  expect(refused['secret-shop']?.toSorted()).toEqual([...admins, ...unlimited].toSorted())
  expect(refused['secret-none']?.toSorted()).toEqual([...admins, ...unlimited].toSorted())
  expect([control.ingested, control.moved.filter((moved) => !moved.includes('some-sink'))]).toEqual([[], []])
})

test('a refusal names the role, the requirement and the alternatives', async () => {
  const { api } = await start({ auth })
  const sql = await post(`${api.url}/api/v1/sql`, { sql: 'SELECT 1' }, bearer('secret-shop'))
  expect(await sql.json()).toMatchObject({
    status: 403,
    detail: 'This operation requires the role admin, and shop has the role viewer, of namespace shop.',
    hints: [
      expect.stringContaining('Available for your namespaces: flows'),
      expect.stringContaining('`auth`'),
    ] as unknown,
  })
  const ledger = await fetch(`${api.url}/api/v1/ledger`, { headers: bearer('secret-shop') })
  expect(await ledger.json()).toMatchObject({
    detail: 'This operation covers every namespace, and shop may see namespace shop only.',
  })
  expect(namespacesText(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('namespaces a, b, c, d, e and 2 more')
})

test('every user may read its own identity', async () => {
  const { api } = await start({ auth })
  const me = async (token: string): Promise<unknown> =>
    (await fetch(`${api.url}/api/v1/me`, { headers: bearer(token) })).json()
  expect(await me('secret-admin')).toEqual({ name: 'root', role: 'admin', namespaces: null, login: 'token' })
  expect(await me('secret-viewer')).toEqual({ name: 'eyes', role: 'viewer', namespaces: null, login: 'token' })
  expect(await me('secret-shop')).toEqual({ name: 'shop', role: 'viewer', namespaces: ['shop'], login: 'token' })
  const open = await start()
  expect(await (await fetch(`${open.api.url}/api/v1/me`)).json()).toEqual({
    name: 'local',
    role: 'admin',
    namespaces: null,
    login: 'none',
  })
})

test('only admins may send events, unless the address is open', async () => {
  const event = { specversion: '1.0', id: '1', source: '/a', type: 't' }
  const send = async (url: string, headers: Record<string, string>): Promise<number> =>
    (await post(`${url}/events`, event, { ...headers, 'content-type': 'application/cloudevents+json' })).status
  const closed = await start({ auth })
  expect(
    await Promise.all([
      send(closed.api.url, {}),
      send(closed.api.url, bearer('secret-viewer')),
      send(closed.api.url, bearer('secret-admin')),
    ]),
  ).toEqual([401, 403, 200])
  const open = await start({ auth, httpAuth: 'none' })
  expect(await Promise.all([send(open.api.url, {}), send(open.api.url, bearer('secret-viewer'))])).toEqual([200, 200])
})
