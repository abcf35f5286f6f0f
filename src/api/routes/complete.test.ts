import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { flowNames } from '../../query/index.ts'
import { randomRows, type Row } from '../../query/testing/rows.ts'
import { makeBatch } from '../../query/testing/tables.ts'
import { toEventBatch } from '../../model/events.ts'
import { auditEvent, changeEvent, identity } from '../../store/testing/cluster.ts'
import { startStored } from '../testing/stored.ts'
import { startBoth, type Both } from '../testing/both.ts'
import { post } from '../testing/kit.ts'

const minute = 60_000

interface Completed {
  readonly values: readonly {
    readonly value: unknown
    readonly text: string
    readonly label?: string
    readonly count: number
  }[]
  readonly meanings: readonly Readonly<{ is: string; filter: string; value: string; field?: string; count?: number }>[]
  readonly source: string
  readonly exact: boolean
  readonly fields: readonly {
    readonly name: string
    readonly names: readonly string[]
    readonly used: boolean
    readonly meaning: string
  }[]
}

async function complete(url: string, body: object): Promise<Completed> {
  const answer = await post(`${url}/api/v1/complete`, { prefix: '', ...body })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Completed
}

const namespaces = ['shop', 'Shop', 'shipping', 'bank', 'test shop', 'and', 'a*b']

async function filled(): Promise<{ both: Both; span: { from: string; to: string } }> {
  const both = await startBoth()
  const random = new SeededRandom(11)
  const end = Math.floor(Date.now() / minute) * minute
  for (let at = 2; at > 0; at--) {
    const received = end - at * minute + 20_000
    const rows = Array.from({ length: 200 }, (): Row => ({
      time_received: BigInt(received) * 1000n,
      time_end: BigInt(received - 100) * 1000n,
      src_namespace: random.pick(namespaces),
      proto: random.pick([6n, 6n, 17n, 1n]),
      bytes: BigInt(random.integer(1, 5)),
      packets: 1n,
      dst_port: random.pick([443n, 443n, 80n, 53n, 8080n, 40_123n]),
      src_port: BigInt(random.integer(40_000, 40_020)),
      tcp_flags: random.pick([2n, 18n]),
      ...(random.chance(0.3)
        ? { dst_namespace: random.pick(namespaces), interfaces: ['eth0', random.pick(['eth1', 'br-ex'])] }
        : {}),
    }))
    await both.addBatch(makeBatch(flowNames, rows), received)
  }
  return { both, span: { from: String(end - 3 * minute), to: String(end + minute) } }
}

test('ranks values by use within the other filters and the span, with the counts of SQL', async () => {
  const { both, span } = await filled()
  for (const [field, filter, where] of [
    ['src.ns', '', 'true'],
    ['src_namespace', 'proto = udp', 'proto = 17'],
    ['proto', 'dst.port = https', 'dst_port = 443'],
    ['bytes', 'src.ns = shop', "src_namespace = 'shop'"],
    ['dst_namespace', '', 'true'],
  ] as const) {
    const name = flowNames.resolve(field) ?? ''
    const body = await both.sql(
      `SELECT "${name}" AS value, count(*) AS count FROM flows WHERE "${name}" IS NOT NULL AND ${where} ` +
        'GROUP BY 1 ORDER BY 2 DESC',
    )
    for (const url of [both.urls.stored, both.urls.live]) {
      const { values, exact } = await complete(url, { field, filter, ...span })
      expect(exact).toBe(true)
      const used = values.filter(({ count }) => count > 0)
      expect(used.map(({ count }) => count)).toEqual(body.map(({ count }) => count))
      expect(new Map(used.map(({ value, count }) => [value, count]))).toEqual(
        new Map(body.map(({ value, count }) => [value, count])),
      )
    }
  }
})

test('matches the prefix in any case and ranks matches at the start first', async () => {
  const { both, span } = await filled()
  for (const url of [both.urls.stored, both.urls.live]) {
    const { values } = await complete(url, { field: 'src_namespace', prefix: 'SH', ...span })
    expect(new Set(values.slice(0, 3).map(({ value }) => value))).toEqual(new Set(['shop', 'Shop', 'shipping']))
    expect(values[3]?.value).toBe('test shop')
    expect(values).toHaveLength(4)
  }
})

test('returns values in filter syntax: words, quotes, flags', async () => {
  const { both, span } = await filled()
  for (const url of [both.urls.stored, both.urls.live]) {
    const texts = async (field: string, prefix = ''): Promise<Map<unknown, string>> =>
      new Map(
        (await complete(url, { field, prefix, limit: 100, ...span })).values.map(({ value, text }) => [value, text]),
      )
    expect(Object.fromEntries(await texts('src_namespace'))).toEqual({
      shop: 'shop',
      Shop: 'Shop',
      shipping: 'shipping',
      bank: 'bank',
      'test shop': '"test shop"',
      and: '"and"',
      'a*b': '"a*b"',
    })
    expect((await texts('proto')).get(6)).toBe('tcp')
    expect((await texts('dst_port', 'ht')).get(443)).toBe('https')
    expect((await texts('dst_port', '44')).get(443)).toBe('443')
    expect((await texts('dst_port', '401')).get(40_123)).toBe('40123')
    expect((await texts('dst_port', 'ss')).get(22)).toBe('ssh')
    const flags = (await complete(url, { field: 'tcp_flags', ...span })).values
    expect(new Map(flags.map(({ value, label }) => [value, label]))).toEqual(
      new Map([
        [2, 'SYN'],
        [18, 'SYN ACK'],
      ]),
    )
    expect([...(await texts('record_type', 'new')).values()]).toEqual(['newConnection'])
    expect(new Set((await texts('interfaces')).keys())).toEqual(new Set(['eth0', 'eth1', 'br-ex']))
  }
})

test('`any` completes source and destination together', async () => {
  const { both, span } = await filled()
  const [{ expected } = { expected: 0 }] = (await both.sql(
    "SELECT count(*) FILTER (src_namespace = 'bank') + count(*) FILTER (dst_namespace = 'bank') AS expected FROM flows",
  )) as { expected: number }[]
  for (const url of [both.urls.stored, both.urls.live]) {
    expect((await complete(url, { field: 'any.ns', prefix: 'bank', ...span })).values).toEqual([
      { value: 'bank', text: 'bank', count: expected },
    ])
  }
})

test('lists fields with values first, and finds them by any alias', async () => {
  const { both, span } = await filled()
  for (const url of [both.urls.stored, both.urls.live]) {
    const names = async (prefix: string, more: object = {}): Promise<string[]> =>
      (await complete(url, { prefix, ...span, ...more })).fields.map(({ name }) => name)
    // The store reports the used fields asynchronously.
    await expect.poll(async () => (await complete(url, { ...span })).fields[0]?.used, { timeout: 10_000 }).toBe(true)
    const all = await complete(url, { ...span, limit: 1000 })
    const used = all.fields.filter((field) => field.used).map(({ name }) => name)
    expect(all.fields.slice(0, used.length).map(({ name }) => name)).toEqual(used)
    expect(used).toEqual(expect.arrayContaining(['src_namespace', 'dst_port', 'bytes', 'bytes_est']))
    expect(used).not.toContain('vlan')
    expect((await names('dst_'))[0]).toBe('dst_port')
    expect(await names('src.n')).toEqual(expect.arrayContaining(['src_namespace', 'src_name', 'src_node']))
    expect((await names('SrcK8S_Names'))[0]).toBe('src_namespace')
    expect((await names('any.p'))[0]).toBe('any.port')
    expect(
      (await complete(url, { prefix: 'dst_', ...span, filter: 'bytes > 1000' })).fields.some((field) => field.used),
    ).toBe(false)
  }
})

test('offers the meanings of typed text, those in use first', async () => {
  const { both, span } = await filled()
  for (const url of [both.urls.stored, both.urls.live]) {
    const meanings = async (prefix: string): Promise<Completed['meanings']> =>
      (await complete(url, { prefix, ...span })).meanings
    const [first, ...others] = await meanings('bank')
    expect(first).toMatchObject({ is: 'value', field: 'any.namespace', filter: 'any.namespace = bank', value: 'bank' })
    expect(first?.count).toBeGreaterThan(0)
    expect(others.at(-1)).toEqual({ is: 'text', filter: 'text ~ "(?i)bank"', value: 'bank' })
    expect((await meanings('10.0.0.1:80')).map(({ filter }) => filter)).toEqual([
      'either(addr = 10.0.0.1 and port = 80)',
      'src.addr = 10.0.0.1 and src.port = 80',
      'dst.addr = 10.0.0.1 and dst.port = 80',
    ])
    expect(await meanings('')).toEqual([])
    const flows = async (filter: string): Promise<number> => {
      const query = new URLSearchParams({ filter, from: span.from, to: span.to, limit: '1000' })
      const answer = await fetch(`${url}/api/v1/flows?${query.toString()}`)
      expect([filter, answer.status]).toEqual([filter, 200])
      return ((await answer.json()) as { rows: unknown[] }).rows.length
    }
    expect(await flows('BANK')).toBe(await flows('any.namespace = bank'))
    expect(await flows('not bank 443')).toBe(await flows('not any.namespace = bank and any.port = 443'))
  }
})

test('rejects what cannot be completed', async () => {
  const { both } = await filled()
  const refused = async (body: object): Promise<string> => {
    const answer = await post(`${both.urls.live}/api/v1/complete`, { prefix: '', ...body })
    expect(answer.status).toBe(400)
    return String(((await answer.json()) as Record<string, unknown>)['detail'])
  }
  expect(await refused({ field: 'src_nam' })).toContain('not a field of flows')
  expect(await refused({ field: 'extra' })).toContain('no values to choose from')
  expect(await refused({ filter: 'bites = 1' })).toContain('There is no field bites')
})

test('completes every field that has values', async () => {
  const both = await startBoth()
  await both.addBatch(makeBatch(flowNames, randomRows(new SeededRandom(3), flowNames, 100)), Date.now() - 1000)
  const kinds = new Set<string>()
  for (const { name, kind } of flowNames.fields) {
    if (kind === 'json' || kind === 'time') continue
    const fresh = !kinds.has(kind)
    kinds.add(kind)
    for (const url of [both.urls.live, ...(fresh ? [both.urls.stored] : [])])
      expect((await complete(url, { field: name, prefix: '1' })).values).toBeInstanceOf(Array)
  }
})

test('completes names and values of changes, within the scope of the viewer', async () => {
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  } as const
  const api = await startStored({ auth })
  const at = (ago: number): string => new Date(Date.now() - ago * 1000).toISOString()
  await api.addBatch(
    toEventBatch([
      ...['a', 'b'].map((name, n) =>
        changeEvent(identity(`Deployment/shop/${name}`, String(n)), at(60 - n), {
          operation: 'updated',
          patch: [{ op: 'replace', path: '/spec/replicas', value: n }],
          actor: { manager: 'helm', time: at(60 - n) },
        }),
      ),
      changeEvent(identity('Pod/vault/name', '7'), at(50), { operation: 'created', new: {}, noise: ['status'] }),
      auditEvent(identity('Deployment/shop/a'), 'alice', 'patch', at(60), { version: '0' }),
    ]),
    Date.now(),
  )
  const runQuery = async (body: object, token = 'admin'): Promise<Completed> => {
    const answer = await post(
      `${api.url}/api/v1/complete`,
      { names: 'changes', prefix: '', ...body },
      { authorization: `Bearer ${token}` },
    )
    expect(answer.status).toBe(200)
    return (await answer.json()) as Completed
  }
  const texts = async (body: object, token?: string): Promise<string[]> =>
    (await runQuery(body, token)).values.map(({ text, count }) => `${text} ${count}`)
  const { fields } = await runQuery({ prefix: 'act' })
  expect(fields.map(({ name }) => name)).toEqual(['actor', 'actor_kind', 'actor_ref'])
  expect(fields[0]?.meaning).toMatch(/^Actor/)
  expect((await runQuery({ prefix: 'ns' })).fields.map(({ name }) => name)).toContain('namespace')
  expect(await texts({ field: 'kind' })).toEqual(['Deployment 2', 'Pod 1'])
  expect(await texts({ field: 'ns', filter: 'kind = Pod' })).toEqual(['vault 1'])
  expect(await texts({ field: 'actor' })).toEqual(['alice 1', 'helm 1'])
  expect(await texts({ field: 'operation', prefix: 'u' })).toEqual(['updated 2'])
  expect(await texts({ field: 'noise' })).toEqual(['status 1'])
  expect(await texts({ field: 'paths', prefix: 'repl' })).toEqual(['/spec/replicas 2'])
  expect(await texts({ field: 'name', prefix: 'na' })).toEqual(['"name" 1'])
  expect(await texts({ field: 'kind' }, 'shop')).toEqual(['Deployment 2'])
  for (const [body, detail] of [
    [{ field: 'src_port' }, '"field" contains src_port, which is not a field of changes.'],
    [{ field: 'diff' }, '"field" is diff, which has no values to choose from.'],
    [{ field: 'kind', filter: 'bytes > 1' }, 'There is no field bytes.'],
  ] as const) {
    const answer = await post(
      `${api.url}/api/v1/complete`,
      { names: 'changes', prefix: '', ...body },
      { authorization: 'Bearer admin' },
    )
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([400, detail])
  }
})
