import { expect, onTestFinished, test } from 'vitest'
import { Alerts, compileRule, isProblem, type WrittenRule } from '../../alerts/index.ts'
import { usualRule } from '../../alerts/testing/rule.ts'
import type { Unit } from '../../journal/types.ts'
import { realHost } from '../../host/index.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import { namespacedFlows } from '../testing/namespaces.ts'
import { log } from '../testing/kit.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const usual: WrittenRule = { ...usualRule, on: 'flows', window: 3_600_000, every: 3_600_000 }

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'peers', token: 'peers', role: 'viewer', namespaces: ['shop'], peers: 'shown' },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

interface RuleView {
  readonly name: string
  readonly state: string
  readonly error?: string
  readonly alerts: readonly { readonly labels: Record<string, string>; readonly value: number }[]
}

async function startAlerts(
  rules: Readonly<Record<string, Partial<WrittenRule>>>,
): Promise<StoredApi & { alerts: Alerts; units: Omit<Unit, 'source'>[]; metrics: MetricStore }> {
  const running: { alerts?: Alerts } = {}
  const api = await startStored({ auth, alerts: () => running.alerts })
  const received = realHost().clock.now() - 60_000
  await api.addBatch(namespacedFlows(received), received)
  const units: Omit<Unit, 'source'>[] = []
  const metrics = new MetricStore({ strict: true })
  const alerts = new Alerts({
    host: realHost(),
    log,
    metrics,
    journal: { append: async (unit) => void units.push(unit), cursor: () => Promise.resolve(undefined) },
    store: () => api.control.store,
    url: () => 'http://weir',
  })
  onTestFinished(() => alerts.stop())
  running.alerts = alerts
  await alerts.open(
    Object.entries(rules).map(([name, written]) => {
      const rule = compileRule(name, { ...usual, ...written })
      if (isProblem(rule)) throw new Error(rule.message)
      return rule
    }),
  )
  return { ...api, alerts, units, metrics }
}

async function listed(api: StoredApi, token = 'admin'): Promise<readonly RuleView[]> {
  return (await api.get('alerts', {}, bearer(token))).body['rules'] as RuleView[]
}

const evaluated = { timeout: 60_000 }

test('values of groups and totals equal SQL over the same rows', async () => {
  const api = await startAlerts({
    bytes: { measure: 'bytes', by: ['src.ns', 'dst.ns'] },
    rate: { measure: 'bytes/s', filter: 'src.ns = shop' },
    p90: { measure: 'p90(bytes)', by: ['src_namespace'] },
    ports: { measure: 'flows', by: ['src_addr'], condition: '>= 1' },
  })
  await expect
    .poll(async () => (await listed(api)).map(({ state }) => state), evaluated)
    .toEqual(Array(4).fill('firing'))
  const rules = new Map((await listed(api)).map((rule) => [rule.name, rule.alerts]))
  const oracle = async (sql: string): Promise<unknown[]> => {
    const pieces: Uint8Array[] = []
    for await (const piece of await api.control.store!.query(sql, 'json', new AbortController().signal))
      pieces.push(piece)
    return JSON.parse(Buffer.concat(pieces).toString()) as unknown[]
  }
  const of = (name: string, ...labels: string[]): unknown[] =>
    rules
      .get(name)!
      .map((alert) => ({
        ...Object.fromEntries(labels.map((each) => [each, alert.labels[each] ?? null])),
        value: alert.value,
      }))
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  const sorted = (rows: unknown[]) => rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  const sum = 'sum(bytes_est)::DOUBLE AS value'
  expect(of('bytes', 'src_namespace', 'dst_namespace')).toEqual(
    sorted(await oracle(`SELECT src_namespace, dst_namespace, ${sum} FROM flows GROUP BY 1, 2`)),
  )
  expect(of('rate')).toEqual(
    await oracle(`SELECT (sum(bytes_est) / 3600)::DOUBLE AS value FROM flows WHERE src_namespace = 'shop'`),
  )
  expect(of('p90', 'src_namespace')).toEqual(
    sorted(await oracle('SELECT src_namespace, quantile_disc(bytes, 0.9)::DOUBLE AS value FROM flows GROUP BY 1')),
  )
  expect(of('ports', 'src_addr')).toEqual(
    sorted(await oracle('SELECT CAST(src_addr AS VARCHAR) AS src_addr, 1 AS value FROM flows GROUP BY 1')),
  )
  expect(api.units.reduce((total, { count }) => total + count, 0)).toBe(
    [...rules.values()].reduce((total, alerts) => total + alerts.length, 0),
  )
})

test('a limited user sees only alerts about rows that it may read', async () => {
  const api = await startAlerts({
    all: { measure: 'bytes' },
    own: { measure: 'bytes', filter: 'src.ns = shop and dst.ns = shop' },
    one: { measure: 'bytes', filter: 'src.ns = shop' },
    either: { measure: 'bytes', filter: 'src.ns = shop or dst.ns = shop' },
    groups: { measure: 'bytes', by: ['src_namespace', 'dst_namespace'] },
    statement: { sql: `SELECT 'shop' AS src_namespace, 1 AS value` },
  })
  await expect.poll(async () => (await listed(api)).every(({ state }) => state === 'firing'), evaluated).toBe(true)
  const names = async (token: string) =>
    (await listed(api, token)).map(({ name, alerts }) => `${name} ${alerts.length}`)
  expect(await names('shop')).toEqual(['own 1', 'groups 1'])
  expect(await names('peers')).toEqual(['own 1', 'one 1', 'groups 5'])
  expect(await names('none')).toEqual([])
  expect((await fetch(`${api.url}/api/v1/alerts/all/test`, { method: 'POST', headers: bearer('shop') })).status).toBe(
    403,
  )
})

test('a failing rule keeps the others going, and states its reason', async () => {
  const many = Array.from({ length: 202 }, (_, row) => `(${row}, 'host ${row}')`).join(', ')
  const api = await startAlerts({
    broken: { sql: 'SELECT * FROM nowhere' },
    many: { sql: `SELECT * FROM (VALUES ${many}) AS t(value, host)` },
    quiet: { measure: 'p99(rtt)', no_data: 'alert' },
    fine: { measure: 'bytes', condition: '< 0' },
    empty: { on: 'changes', condition: '= 0' },
  })
  await expect.poll(async () => (await listed(api)).some(({ state }) => state === 'unknown'), evaluated).toBe(false)
  expect((await listed(api)).map(({ name, state }) => [name, state])).toEqual([
    ['broken', 'failing'],
    ['many', 'failing'],
    ['quiet', 'firing'],
    ['fine', 'inactive'],
    ['empty', 'firing'],
  ])
  const [broken, many201] = await listed(api)
  expect(broken?.error).toMatch(/nowhere/)
  expect(many201?.error).toMatch(/201 groups; the limit of a rule is 200/)
  expect(api.metrics.value('weir_alert_evaluations_total', { outcome: 'failed' })).toBe(2)
  expect(api.metrics.value('weir_alert_failing_rules')).toBe(2)
  const tested = await fetch(`${api.url}/api/v1/alerts/fine/test`, { method: 'POST', headers: bearer('admin') })
  expect(await tested.json()).toMatchObject({ name: 'fine', no_data: false, rows: [{ value: 511, met: false }] })
  const unknown = await fetch(`${api.url}/api/v1/alerts/fien/test`, { method: 'POST', headers: bearer('admin') })
  expect(await unknown.json()).toMatchObject({ status: 404, hints: ['Did you mean fine?'] })
})
