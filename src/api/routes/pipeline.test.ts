import { expect, test } from 'vitest'
import { flowFields } from '../../model/fields.ts'
import { post, start } from '../testing/kit.ts'

test('ledger, pipeline and health return the state of the engine', async () => {
  const { api, control } = await start()
  const get = async (path: string): Promise<unknown> => (await fetch(api.url + path)).json()
  expect(await get('/api/v1/ledger')).toEqual(control.ledgerNow)
  expect(await get('/api/v1/pipeline')).toEqual(await control.pipeline())
  expect(await get('/api/v1/health')).toEqual({
    live: true,
    ready: true,
    accepting: true,
    draining: false,
    reasons: [],
    warnings: [],
    version: '0.0.0-test',
  })
  control.healthNow = {
    live: true,
    ready: false,
    accepting: false,
    draining: true,
    reasons: ['stopping'],
    warnings: [],
  }
  expect((await fetch(`${api.url}/api/v1/health`)).status).toBe(503)
})

test('health hides reasons from viewers of namespaces, and credentials in URLs from everyone', async () => {
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  } as const
  const { api, control } = await start({ auth })
  control.healthNow = {
    live: true,
    ready: true,
    accepting: true,
    draining: false,
    reasons: ['sink bus: https://10.0.0.1/in?sig=SECRET: HTTP 503', 'sink other: away'],
    warnings: [],
  }
  const reasons = async (token: string): Promise<unknown> =>
    (
      (await (await fetch(`${api.url}/api/v1/health`, { headers: { authorization: `Bearer ${token}` } })).json()) as {
        reasons: unknown
      }
    ).reasons
  expect(await reasons('admin')).toEqual(['sink bus: https://10.0.0.1: HTTP 503', 'sink other: away'])
  expect(await reasons('shop')).toEqual(['A part of Weir does not work; admins can see which.'])
})

test('a failed reload is a 422 with every problem as a hint', async () => {
  const { api, control } = await start()
  expect(await (await fetch(`${api.url}/api/v1/reload`, { method: 'POST' })).json()).toEqual({
    ok: true,
    changed: ['sinks.nats'],
    problems: [],
  })
  control.reloadProblems = ['weir.yaml:3:5 no such key']
  const answer = await fetch(`${api.url}/api/v1/reload`, { method: 'POST' })
  expect(answer.status).toBe(422)
  expect(await answer.json()).toMatchObject({ code: 'WEIR_API_RELOAD', hints: ['weir.yaml:3:5 no such key'] })
})

test('dead letters are listed, shown, redriven and dropped, by id or all', async () => {
  const { api, control } = await start()
  const get = async (path: string): Promise<Response> => fetch(api.url + path)
  expect(await (await get('/api/v1/dead-letters?sink=bus&limit=5')).json()).toMatchObject([
    { sink: 'bus', reason: 'limit 5' },
  ])
  expect(await (await get(`/api/v1/dead-letters/${encodeURIComponent('http:1:2:0')}`)).json()).toMatchObject({
    reason: 'poison',
  })
  expect((await get('/api/v1/dead-letters/nothing')).status).toBe(404)
  expect(await (await get('/api/v1/dead-letters?after=1700000000000/nats/http:1:2:0')).json()).toEqual([])
  expect((await get('/api/v1/dead-letters?limit=0')).status).toBe(400)
  expect((await get('/api/v1/dead-letters?after=nats/http:1:2:0')).status).toBe(400)
  expect((await get('/api/v1/dead-letters?limt=5')).status).toBe(400)
  expect(await (await post(`${api.url}/api/v1/dead-letters/bus/retry`, { ids: ['a', 'b'] })).json()).toEqual({
    retried: 2,
  })
  expect(await (await fetch(`${api.url}/api/v1/dead-letters/bus/drop`, { method: 'POST' })).json()).toEqual({
    dropped: 7,
  })
  expect(control.moved).toEqual(['retry bus a,b', 'drop bus all'])
  expect(
    await (await post(`${api.url}/api/v1/dead-letters/bus/edit`, { id: 'http:1:2:0', body: { id: 'a' } })).json(),
  ).toEqual({ retried: 1 })
  expect((await post(`${api.url}/api/v1/dead-letters/bus/edit`, { id: 'nothing', body: {} })).status).toBe(404)
  expect((await post(`${api.url}/api/v1/dead-letters/bus/edit`, { id: 'http:1:2:0', body: 'text' })).status).toBe(400)
  expect(await (await get('/api/v1/dead-letters?bodies=false')).json()).toEqual([
    expect.not.objectContaining({ body: expect.anything() as unknown }),
  ])
})

test('dead letters are counted by reason, and moved by reason and time', async () => {
  const { api, control } = await start()
  const get = async (path: string): Promise<Response> => fetch(api.url + path)
  expect(await (await get('/api/v1/dead-letters/reasons?sink=bus&limit=5')).json()).toEqual([
    { sink: 'bus', reason: 'limit 5', open: 7, retrying: 1, oldest: 1_700_000_000_000, newest: 1_700_000_060_000 },
  ])
  expect((await get('/api/v1/dead-letters/reasons?reason=a')).status).toBe(400)
  expect(await (await get('/api/v1/dead-letters?reason=no%20such%20table')).json()).toMatchObject([
    { reason: 'no such table' },
  ])
  const body = { reason: 'no such table', until: 1_700_000_060_000 }
  expect(await (await post(`${api.url}/api/v1/dead-letters/bus/retry`, body)).json()).toEqual({ retried: 7 })
  expect((await post(`${api.url}/api/v1/dead-letters/bus/drop`, { ...body, until: 'now' })).status).toBe(400)
  expect((await post(`${api.url}/api/v1/dead-letters/bus/drop`, { reason: null })).status).toBe(400)
  expect(control.moved).toEqual(['retry bus all no such table 1700000060000'])
})

test('an invalid or empty list of ids never means all', async () => {
  const { api, control } = await start()
  for (const body of [{ id: ['a'] }, { ids: [] }, { ids: 'a' }, { ids: null }, [], 'all'])
    expect((await post(`${api.url}/api/v1/dead-letters/bus/drop`, body)).status, JSON.stringify(body)).toBe(400)
  expect(control.moved).toEqual([])
})

test('fields returns the registry and the columns of every view without a query', async () => {
  const { api, control } = await start()
  const { fields, views } = (await (await fetch(`${api.url}/api/v1/fields`)).json()) as {
    fields: { name: string }[]
    views: Record<string, { name: string; meaning: string }[]>
  }
  expect(fields.map(({ name }) => name)).toEqual(flowFields.map(({ name }) => name))
  expect(Object.keys(views).join(' ')).toBe(
    'flows events changes audit resources relations traffic transfers inventory packages problems facts images',
  )
  expect(views['flows']?.find(({ name }) => name === 'bytes')).toMatchObject({ type: 'UBIGINT', unit: 'By' })
  expect(
    Object.values(views)
      .flat()
      .filter(({ meaning }) => meaning === ''),
  ).toEqual([])
  expect(control.queries).toEqual([])
})

test('without a store the columns are those of this version', async () => {
  const { api, control } = await start()
  control.store = undefined
  const { views } = (await (await fetch(`${api.url}/api/v1/fields`)).json()) as {
    views: Record<string, { name: string }[]>
  }
  expect(views['flows']?.map(({ name }) => name).slice(0, 28)).toEqual([
    'time_start',
    'time_end',
    'time_received',
    'src_addr',
    'dst_addr',
    'exporter_addr',
    'src_port',
    'dst_port',
    'proto',
    'tcp_flags',
    'direction',
    'dscp',
    'vlan',
    'in_if',
    'out_if',
    'bytes',
    'packets',
    'sampling',
    'bytes_est',
    'packets_est',
    'protocol',
    'protocol_version',
    'time_skewed',
    'src_name',
    'src_label',
    'dst_name',
    'dst_label',
    '_pos',
  ])
  expect(views['events']?.map(({ name }) => name).slice(0, 14)).toEqual([
    'id',
    'source',
    'type',
    'subject',
    'time',
    'datacontenttype',
    'dataschema',
    'extensions',
    'data',
    'family',
    'ref',
    'key',
    'time_received',
    '_pos',
  ])
})
