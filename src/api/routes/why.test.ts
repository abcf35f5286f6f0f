import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { readRows } from '../../topics/rows.ts'
import type { SumRow } from '../../topics/flows/sums/request.ts'
import { incidentSequence, type SequenceIncident } from '../testing/incident-sequences.ts'
import { incident, type Incident } from '../testing/incidents.ts'
import { fill } from '../testing/sequence-answers.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

type End = Readonly<{ namespace: string; name: string }>
type Pair = Readonly<{ source: End; destination: End; before: number; after: number }>
type Mark = Readonly<Record<'is' | 'kind' | 'name' | 'time' | 'operation' | 'pos', string>> &
  Readonly<{
    namespace: string | null
    actor: string | null
    diff: readonly unknown[]
    reasons: readonly { is: string }[]
  }>

const iso = (ms: number): string => new Date(ms).toISOString()

async function started(
  seed: number,
  options: Parameters<typeof startStored>[0] = {},
  where: 'cluster' | 'cloud' = 'cluster',
): Promise<{ api: StoredApi; of: Incident }> {
  const now = realHost().clock.now()
  const of = incident(seed, now, where)
  const api = await startStored(options)
  await api.addBatch(toEventBatch(of.events), now)
  await api.addBatch(of.flows, now)
  return { api, of }
}

test('sums before and since the start equal those of SQL, also with a filter', async () => {
  const { api, of } = await started(1)
  for (const filter of ['', 'either(ns = shop)']) {
    const { status, body } = await api.get('why', { filter, from: iso(of.from), to: iso(of.to) })
    expect(status, JSON.stringify(body)).toBe(200)
    const { from, to } = body['compared'] as { from: string; to: string }
    const onset = String(body['onset'])
    const where = filter === '' ? '' : "AND (src_namespace = 'shop' OR dst_namespace = 'shop')"
    const rows = await readRows<SumRow>(
      { store: api.store.reader, signal: new AbortController().signal },
      `SELECT coalesce(src_owner_name, '') AS source, dst_owner_name AS destination,
       sum(bytes_est) FILTER (WHERE time_end < '${onset}')::DOUBLE AS before,
       sum(bytes_est) FILTER (WHERE time_end >= '${onset}')::DOUBLE AS "after"
       FROM flows WHERE time_end >= '${from}' AND time_end < '${to}' ${where} GROUP BY ALL`,
    )
    const oracle = new Map(rows?.map((row) => [`${String(row['source'])} ${String(row['destination'])}`, row]))
    const pairs = body['pairs'] as readonly Pair[]
    expect(pairs).toHaveLength(Math.min(10, oracle.size))
    for (const { source, destination, before, after } of pairs) {
      const row = oracle.get(`${source.name} ${destination.name}`)
      expect([before, after]).toEqual([row?.['before'] ?? 0, row?.['after'] ?? 0])
    }
    const total = (side: string) => rows?.reduce((sum, row) => sum + Number(row[side] ?? 0), 0)
    expect([body['before'], body['after']]).toEqual([total('before'), total('after')])
  }
})

test('names change, actor, diff and reason; counts noise, results of controllers and unrelated changes', async () => {
  const { api, of } = await started(2)
  const { body } = await api.get('why', { from: iso(of.from), to: iso(of.to) })
  const [first] = body['candidates'] as readonly (Mark & { seconds_before: number; score: number })[]
  expect(first).toMatchObject({ is: 'rollout', kind: 'Deployment', operation: 'updated', actor: of.actor })
  const image = '/spec/template/spec/containers/0/image'
  expect(first?.diff).toEqual([
    {
      op: 'replace',
      path: image,
      old: expect.stringMatching(/:1\.1$/) as string,
      value: expect.stringMatching(/:1\.2$/) as string,
    },
  ])
  expect(first?.reasons[0]?.is).toBe('workload')
  expect(first?.score).toBeGreaterThan(0)
  expect(Math.abs(first?.seconds_before ?? Infinity)).toBeLessThan(40)
  const { noise, controllers, unrelated } = body['excluded'] as Record<string, number>
  expect(noise).toBe(0)
  expect(controllers).toBeGreaterThanOrEqual(5)
  expect(unrelated).toBeGreaterThan(0)
})

test('marks are related changes of the time range in order, and the rest is counted', async () => {
  const { api, of } = await started(2)
  const { body } = await api.get('marks', { from: iso(of.onset - 1_800_000), to: iso(of.to) })
  const marks = body['marks'] as readonly Mark[]
  expect(marks.map(({ time }) => time)).toEqual(marks.map(({ time }) => time).toSorted())
  expect(marks.map(({ kind }) => kind)).not.toContain('EndpointSlice')
  expect(marks.filter(({ is }) => is === 'rollout').map(({ kind, name }) => `${kind}/${name}`)).toContain(
    `Deployment/${of.culprit.split('/').at(-1)}`,
  )
  expect(marks.some(({ namespace }) => namespace === 'dev' || namespace === 'infra')).toBe(false)
  expect(body['others']).toBeGreaterThan(0)
  const { body: one } = await api.get('marks', { from: iso(of.onset - 1_800_000), to: iso(of.to), limit: '1' })
  expect(one['marks']).toHaveLength(1)
  expect(one['others']).toBe(Number(body['others']) + marks.length - 1)
})

test('marks of a time range without changes read no flows', async () => {
  const { api, of } = await started(2)
  const read: string[] = []
  const { query } = api.store.reader
  api.store.reader.query = (sql, ...rest) => {
    read.push(sql)
    return query.call(api.store.reader, sql, ...rest)
  }
  const { body } = await api.get('marks', { from: iso(of.from - 7_200_000), to: iso(of.from - 3_600_000) })
  expect(body).toMatchObject({ marks: [], others: 0, cut: false })
  expect(read.some((sql) => sql.includes('FROM audit'))).toBe(true)
  expect(read.filter((sql) => sql.includes('FROM flows'))).toEqual([])
})

test('without a change of traffic the start of the range is the reference', async () => {
  const { api, of } = await started(3)
  const { body } = await api.get('why', { from: iso(of.onset - 600_000), to: iso(of.onset - 300_000) })
  expect(body['detected']).toBe(false)
  expect(body['onset']).toBe(iso(of.onset - 600_000))
})

test('a range with a fall and its recovery lists both, and explains the fall or the selected one', async () => {
  const now = realHost().clock.now()
  const world = incidentSequence(2, now)
  const api = await startStored()
  await fill(api, world)
  const [first] = world.incidents as readonly [SequenceIncident]
  const range = { from: iso(first.fall.time - 300_000), to: iso(first.recovery.time + 300_000) }
  const { body } = await api.get('why', range)
  const levels = body['levels'] as readonly Readonly<{ time: string; kind: string; selected: boolean }>[]
  expect(levels.map(({ kind }) => kind)).toEqual(['fall', 'recovery'])
  expect(levels.map(({ selected }) => selected)).toEqual([true, false])
  expect(body).toMatchObject({ onset: levels[0]?.time, verdict: 'explained', missing: [] })
  const recovery = await api.get('why', { ...range, at: levels[1]?.time ?? '' })
  expect(recovery.body).toMatchObject({ onset: levels[1]?.time, detected: true })
  const none = await api.get('why', { ...range, at: 'then' })
  expect([none.status, none.body['code']]).toEqual([400, 'WEIR_API_INVALID'])
})

test('an invalid look-back is an error with a hint', async () => {
  const { api } = await started(1)
  const { status, body } = await api.get('why', { lookback: 'soon' })
  expect([status, body['code']]).toEqual([400, 'WEIR_API_INVALID'])
})

test('a limited viewer sees candidates, marks and pairs of permitted namespaces only', async () => {
  const { api, of } = await started(5, {
    auth: { tokens: [{ name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] }] },
  })
  const query = { from: iso(of.from), to: iso(of.to) }
  for (const path of ['why', 'why/levels', 'marks']) {
    const { status, body } = await api.get(path, query, { authorization: 'Bearer shop' })
    expect(status).toBe(200)
    const firsts = (body['levels'] as readonly Readonly<{ first?: Mark }>[] | undefined)?.flatMap(
      ({ first = [] }) => first,
    )
    const shown = (body['candidates'] ?? body['marks'] ?? firsts) as readonly Mark[]
    expect(shown.filter(({ namespace }) => namespace !== 'shop')).toEqual([])
    // The traffic of the namespace may have no change of level that a candidate explains.
    if (firsts === undefined || path === 'why') expect(shown.length).toBeGreaterThan(0)
    const pairs = (body['pairs'] ?? []) as readonly Pair[]
    for (const { source, destination } of pairs)
      expect(['', 'shop'], JSON.stringify(pairs)).toEqual(
        expect.arrayContaining([source.namespace, destination.namespace]),
      )
  }
})

const shopOnly = {
  auth: {
    tokens: [
      { name: 'root', token: 'root' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  },
} as const

test('a cloud resource has its relation, changed fields and actor, and a limited viewer does not see it', async () => {
  // The state of a machine, with and without an audit event.
  const actors: (string | null)[] = []
  for (const seed of [1, 6, 11, 16, 21, 26]) {
    const { api, of } = await started(seed, shopOnly, 'cloud')
    const query = { from: iso(of.from), to: iso(of.to) }
    const answer = async (path: string, token: string) =>
      (await api.get(path, query, { authorization: `Bearer ${token}` })).body
    const isCulprit = ({ is, name }: Mark) => is === 'resource' && name === of.culprit.split('/')[1]
    const found = (await answer('why', 'root'))['candidates'] as readonly Mark[]
    const culprit = found.find(isCulprit)
    if (culprit === undefined) continue
    expect(culprit).toMatchObject({
      kind: 'instance',
      operation: 'changed',
      actor: of.actor,
      diff: [{ op: 'replace', path: '/state', old: 'running', value: 'stopped' }],
    })
    expect(culprit.reasons[0]?.is).toBe('machine')
    expect(found.filter(({ is, name }) => is === 'audit' && name === culprit.name)).toEqual([])
    for (const path of ['why', 'marks']) {
      const body = await answer(path, 'shop')
      const shown = (body['candidates'] ?? body['marks']) as readonly Mark[]
      expect(shown.filter(({ is, namespace }) => is === 'resource' || namespace === null)).toEqual([])
    }
    actors.push(of.actor)
    if (actors.some((actor) => actor === null) && actors.some((actor) => actor !== null)) return
  }
  expect.unreachable(JSON.stringify(actors))
})

test('marks contain related changes of cloud resources', async () => {
  const { api, of } = await started(1, {}, 'cloud')
  const { body } = await api.get('marks', { from: iso(of.onset - 1_800_000), to: iso(of.onset + 400_000) })
  const marks = (body['marks'] as readonly Mark[]).filter(({ is }) => is === 'resource')
  expect(marks.map(({ kind, name }) => `${kind}/${name}`)).toContain(of.culprit)
  expect(marks.map(({ name }) => name)).not.toContain('backups')
})

test('falls and rises of a pair are one line, with the first candidate of the last one', async () => {
  const { api, of } = await started(2)
  const range = { from: iso(of.from), to: iso(of.to) }
  const { body: why } = await api.get('why', range)
  const { status, body } = await api.get('why/levels', range)
  expect(status, JSON.stringify(body)).toBe(200)
  const lines = body['levels'] as readonly (Mark & { times: number; verdict: string; first?: Mark })[]
  const away = (why['levels'] as readonly Mark[]).filter(({ kind }) => kind !== 'recovery')
  expect(lines.reduce((sum, { times }) => sum + times, Number(body['others']))).toBe(away.length)
  for (const { time, first, verdict } of lines) {
    const { body: answer } = await api.get('why', { ...range, at: time })
    expect(verdict).toBe(answer['verdict'])
    const [candidate] = answer['candidates'] as readonly Mark[]
    expect(first?.pos).toBe(verdict === 'unexplained' ? undefined : candidate?.pos)
  }
  expect(lines[0]?.first).toMatchObject({ kind: 'Deployment', actor: of.actor })
})
