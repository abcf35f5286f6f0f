import { expect, test } from 'vitest'
import { post, start } from '../testing/kit.ts'

test('validates a filter: its normal form, or each error with its position', async () => {
  const { api } = await start()
  const validate = async (body: object): Promise<unknown> => (await post(`${api.url}/api/v1/validate`, body)).json()
  expect(await validate({ filter: 'src.ns = shop AND bytes>=10k' })).toEqual({
    ok: true,
    normalized: 'src_namespace = "shop" and bytes >= 10k',
    written: 'src.ns = shop AND bytes>=10k',
    swapped: 'dst_namespace = "shop" and bytes >= 10k',
    errors: [],
  })
  expect(await validate({ filter: '' })).toEqual({ ok: true, normalized: '', written: '', swapped: '', errors: [] })
  expect(await validate({ filter: 'dst_prot = 1' })).toEqual({
    ok: false,
    normalized: null,
    written: null,
    swapped: null,
    errors: [{ from: 0, to: 8, message: 'There is no field dst_prot.', hint: 'Did you mean dst_port?' }],
  })
  expect(await validate({ filter: '10.0.0.1:53 web' })).toMatchObject({
    ok: true,
    written: 'either(addr = 10.0.0.1 and port = 53) and text ~ "(?i)web"',
  })
  expect(await validate({ filter: 'type = a', names: 'events' })).toMatchObject({ ok: true })
  expect(await validate({ filter: 'bytes > 1', names: 'events' })).toMatchObject({ ok: false })
  expect((await post(`${api.url}/api/v1/validate`, { text: 'a' })).status).toBe(400)
})

test('translates a link of NetObserv’s console into a filter and a span', async () => {
  const { api } = await start()
  const link = `https://console.example/netflow-traffic?timeRange=300&match=bidirectional&limit=100&filters=${encodeURIComponent('src_namespace="shop";dst_port=443')}`
  expect(await (await post(`${api.url}/api/v1/import`, { url: link })).json()).toEqual({
    filter: 'src_namespace = "shop" and dst_port = 443',
    both_ways: true,
    from: 'now-300s',
    to: 'now',
    dropped: [{ part: 'limit=100', reason: 'It selects no rows; the page has its own setting.' }],
  })
})

test('every signed-in user gets the quick filters of the configuration', async () => {
  const filters = [{ name: 'DNS', filter: 'any.port = 53' }]
  const { api } = await start({
    quickFilters: () => filters,
    auth: { tokens: [{ name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] }] },
  })
  const runQuery = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${api.url}/api/v1/quick-filters`, { headers })
  expect(await (await runQuery({ authorization: 'Bearer shop' })).json()).toEqual({ filters })
  expect((await runQuery({})).status).toBe(401)
})

test('every response has a query id, and problems contain it', async () => {
  const { api } = await start()
  const ids = new Set<string | null>()
  for (const path of ['/api/v1/flows?from=never', '/api/v1/nothing', '/api/v1/health', '/']) {
    const answer = await fetch(`${api.url}${path}`)
    const id = answer.headers.get('x-query-id')
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-z]+$/)
    ids.add(id)
    if (answer.headers.get('content-type') === 'application/problem+json')
      expect(((await answer.json()) as Record<string, unknown>)['query_id']).toBe(id)
  }
  expect(ids.size).toBe(4)
})
