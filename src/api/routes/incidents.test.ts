import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { toEventBatch } from '../../model/events.ts'
import type { IncidentRequest } from '../../topics/incidents/schema.ts'
import { candidate, incident, pin } from '../../topics/incidents/testing/incident.ts'
import { startStored } from '../testing/stored.ts'

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'eyes', token: 'viewer', role: 'viewer' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'both', token: 'both', role: 'viewer', namespaces: ['shop', 'vault'] },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const
type User = (typeof auth.tokens)[number]['token']

async function started(given?: string) {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'weir-incidents-')))
  if (given === undefined) onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const api = await startStored({ auth, folder })
  const ask = async (method: string, path = '', body?: unknown, user: User = 'admin') => {
    const answer = await fetch(`${api.url}/api/v1/incidents${path}`, {
      method,
      headers: {
        authorization: `Bearer ${user}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') === true
    return { status: answer.status, text, body: (isJson ? JSON.parse(text) : {}) as Record<string, never> }
  }
  return {
    ...api,
    folder,
    ask,
    put: (id: string, change: Partial<IncidentRequest> = {}) => ask('PUT', `/${id}`, { ...incident, ...change }),
    /** Stores the events of the journal so far. */
    async store(versions: number) {
      await expect.poll(() => api.control.ingested.length, { timeout: 30_000 }).toBe(versions)
      await api.addBatch(toEventBatch(api.control.ingested), Date.now())
    },
  }
}

const idsOf = (body: Record<string, unknown>) => (body['incidents'] as { id: string }[]).map(({ id }) => id)

test('an incident is created, listed, replaced, exported and deleted', async () => {
  const { ask, put, url } = await started()
  expect((await put('a')).body).toMatchObject({ ...incident, id: 'a', version: 1, created_by: 'root', state: 'open' })
  expect((await put('a')).status).toBe(409)
  expect((await put('a', { before: 1, state: 'resolved' })).body).toMatchObject({ version: 2, state: 'resolved' })
  expect(await put('a', { before: 1 })).toMatchObject({ status: 409, body: { code: 'WEIR_API_CONFLICT' } })
  expect((await ask('GET')).body['incidents']).toMatchObject([
    { id: 'a', state: 'resolved', pins: 1, cause: 'NetworkPolicy shop/deny-all, created', actor: 'alice' },
  ])
  expect(idsOf((await ask('GET', '?state=open')).body)).toEqual([])
  const markdown = await ask('GET', '/a/export?format=md')
  expect(markdown.text).toContain(`# ${incident.title}\n\nResolved.`)
  expect(markdown.text).toContain(`[Open in Weir](${url}/incidents?v=1&sel=a)`)
  expect((await ask('GET', '/a/export?base=https://weir.example/')).body).toMatchObject({
    url: 'https://weir.example/incidents?v=1&sel=a',
    incident: { id: 'a', version: 2 },
  })
  expect((await ask('DELETE', '/a?before=1')).status).toBe(409)
  expect((await ask('DELETE', '/a?before=2')).body).toEqual({ deleted: 'a' })
  for (const path of ['/a', '/a/export']) expect((await ask('GET', path)).status, path).toBe(404)
  expect((await ask('DELETE', '/a')).status).toBe(404)
})

test('the history has every version, before and after it is stored, over a restart and a deletion', async () => {
  const first = await started()
  expect((await first.ask('GET', '/a/history')).status).toBe(404)
  await first.put('a')
  await first.put('a', { before: 1, notes: 'second' })
  const now = (await first.ask('GET', '/a/history')).body as unknown as { versions: { version: number }[] }
  expect(now.versions[0]).toMatchObject({ version: 2, by: 'root', incident: { notes: 'second' } })
  await first.store(2)
  const versions = async (api: typeof first) => {
    const { status, body } = await api.ask('GET', '/a/history')
    expect(status).toBe(200)
    const all = body['versions'] as unknown as { action: string }[]
    return { missing: body['missing'], actions: all.map(({ action }) => action) }
  }
  expect(await versions(first)).toEqual({ missing: 0, actions: ['changed', 'created'] })
  await first.ask('DELETE', '/a')
  await expect.poll(() => first.control.ingested.length, { timeout: 30_000 }).toBe(3)
  const again = await started(first.folder)
  await again.addBatch(toEventBatch(first.control.ingested), Date.now())
  expect(await versions(again)).toEqual({ missing: 0, actions: ['deleted', 'changed', 'created'] })
  expect(again.control.ingested).toEqual([])
  const types = first.control.ingested.map(({ type, source, subject }) => [type, source, subject])
  expect(types).toEqual(
    ['created', 'changed', 'deleted'].map((action) => [`weir.incident.${action}`, '/weir/incidents/a', 'a']),
  )
})

test('a change that the journal refused is stored, and recorded later', async () => {
  const { ask, put, control } = await started()
  control.failIngest = new Error('the journal is full')
  expect((await put('a')).status).toBe(200)
  expect((await ask('GET', '/a/history')).body['versions']).toMatchObject([{ version: 1, action: 'created' }])
  control.failIngest = undefined
  await put('a', { before: 1, notes: 'x' })
  await expect
    .poll(() => control.ingested.map(({ type }) => type))
    .toEqual(['weir.incident.created', 'weir.incident.changed'])
})

test('a version is listed before the store has it, and counted as missing after a restart without it', async () => {
  const { ask, put, control, folder } = await started()
  await put('a')
  await put('a', { before: 1, notes: 'x' })
  await put('a', { before: 2, notes: 'y' })
  await expect.poll(() => control.ingested.length, { timeout: 30_000 }).toBe(3)
  const versions = [{ version: 3 }, { version: 2 }, { version: 1 }]
  expect((await ask('GET', '/a/history')).body).toMatchObject({ missing: 0, versions })
  await expect.poll(() => readFile(join(folder, 'incidents.json'), 'utf8')).toContain('"unrecorded": []')
  const again = await started(folder)
  await again.addBatch(toEventBatch(control.ingested.slice(2)), Date.now())
  expect((await again.ask('GET', '/a/history')).body).toMatchObject({ missing: 2, versions: [{ version: 3 }] })
})

test('viewers read; only admins write', async () => {
  const { ask, put } = await started()
  await put('a')
  for (const user of ['viewer', 'shop', 'none'] as const) {
    expect((await ask('PUT', '/b', incident, user)).status, user).toBe(403)
    expect((await ask('PUT', '/a', { ...incident, before: 1 }, user)).status, user).toBe(403)
    expect((await ask('DELETE', '/a', undefined, user)).status, user).toBe(403)
  }
  expect((await ask('GET', '/a', undefined, 'viewer')).body).toMatchObject({ version: 1, withheld: false })
})

test('a limited viewer sees the incidents of its namespaces, without candidates and pins of others', async () => {
  const { ask, put, store } = await started()
  const secret = candidate({ namespace: 'vault', name: 'vault-policy', ref: 'k8s:prod//Secret/vault/key' })
  await put('own', {
    candidates: [
      { ...secret, selected: true },
      candidate(),
      candidate({ is: 'resource', namespace: null, name: 'vault-vm', kind: 'vm', ref: 'aws:1/ec2/vm/vault' }),
      candidate({ is: 'audit', namespace: null, name: 'vault-login', kind: 'ConsoleLogin', ref: null }),
      candidate({ namespace: null, kind: 'Namespace', group: '', name: 'vault', ref: 'k8s:prod//Namespace//vault' }),
    ],
    pins: [pin(), pin({ title: 'vault', namespace: 'vault' }), pin({ title: 'all of vault', namespace: null })],
  })
  await put('two', { namespaces: ['shop', 'vault'] })
  await put('vault', { namespaces: ['vault'], title: 'vault is sealed' })
  await put('cluster', { namespaces: [], title: 'the vault of all' })
  await store(4)
  const listed = async (user: User) => idsOf((await ask('GET', '', undefined, user)).body).toSorted()
  expect(await listed('viewer')).toEqual(['cluster', 'own', 'two', 'vault'])
  expect(await listed('shop')).toEqual(['own'])
  expect(await listed('both')).toEqual(['own', 'two', 'vault'])
  expect(await listed('none')).toEqual([])
  const shown = (await ask('GET', '/own', undefined, 'shop')).body as unknown as {
    candidates: { name: string; pos: string }[]
    pins: { title: string; path: string }[]
    withheld: boolean
  }
  expect(shown.candidates.map(({ name }) => name)).toEqual(['deny-all'])
  expect(shown.candidates[0]?.pos).not.toBe(candidate().pos)
  expect(shown.pins).toMatchObject([{ title: pin().title, path: pin().path.replace(/&sel=.*/, '') }])
  expect(shown.withheld).toBe(true)
  for (const path of ['', '/own', '/own/export', '/own/export?format=md', '/own/history']) {
    const { status, text } = await ask('GET', path, undefined, 'shop')
    expect([path, status]).toEqual([path, 200])
    expect(text).not.toMatch(/vault|j:1:2:3|j%3A1|j:1:9:9/)
    for (const id of ['two', 'vault', 'cluster', 'unknown'])
      expect((await ask('GET', path.replace('own', id) || `/${id}`, undefined, 'shop')).status, `${id}${path}`).toBe(
        404,
      )
  }
  await put('own', { before: 1, namespaces: ['vault'], title: 'moved to vault' })
  expect((await ask('GET', '/own/history', undefined, 'shop')).status).toBe(404)
})

test('invalid parts are refused with their name', async () => {
  const { ask, put } = await started()
  const detail = async (change: object) => (await put('a', change)).body['detail']
  expect((await ask('PUT', '/with%20blank', incident)).status).toBe(400)
  expect(await detail({ title: '' })).toContain('"title"')
  expect(await detail({ notes: 'a'.repeat(65_537) })).toContain('65536')
  expect(await detail({ pins: [pin({ path: '//evil.example/x' })] })).toContain('path')
  expect(await detail({ pins: [pin({ path: 'javascript:alert(1)' })] })).toContain('path')
  expect(await detail({ question: { from: 'now' } })).toContain('from')
  expect(await detail({ candidates: [{ ...candidate(), diff: [] }] })).toContain('diff')
  expect(await detail({ extra: 1 })).toContain('extra')
  expect(idsOf((await ask('GET')).body)).toEqual([])
})
