// The queries of every panel of deploy/grafana against the demo, as Grafana sends them.
import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../tools/kit/command.ts'

interface Target {
  readonly expr: string
  readonly instant?: boolean
  readonly datasource: { readonly uid: string }
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly targets: readonly Target[]
  /** Minimum of `$__interval`, such as `1m`. */
  readonly interval?: string
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition: string; readonly allValue: string }[]
  }
}

type Query = Readonly<{ expr: string; uid: string; instant: boolean }>

const folder = join(ROOT, 'deploy/grafana/dashboards')
const dashboards = await Promise.all(
  (await readdir(folder)).map(async (name) => ({
    name,
    dashboard: JSON.parse(await readFile(join(folder, name), 'utf8')) as Dashboard,
  })),
)
/** Seconds between two points of a datasource, as `datasources.yaml` has them. */
const scrapes: Readonly<Record<string, number>> = { 'weir-metrics': 15, 'weir-ops': 30, 'weir-logs': 15 }
const rangeSeconds = 3600
const limit = 1_200_000

const demo = spawn(process.execPath, [join(ROOT, 'sim/demo.ts')], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
let url = ''

beforeAll(async () => {
  let output = ''
  let errors = ''
  demo.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  demo.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  while (!output.includes('Ctrl-C') && demo.exitCode === null) await sleep(50)
  url = /console +(\S+)/.exec(output)?.[1] ?? ''
  expect(url, errors).not.toBe('')
}, limit)
afterAll(async () => {
  const ended = new Promise((resolve) => demo.once('close', resolve))
  demo.kill('SIGINT')
  await ended
}, limit)

async function get(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await fetch(`${url}${path}?${new URLSearchParams(parameters).toString()}`)
  const text = await answer.text()
  expect(answer.status, `${path} ${JSON.stringify(parameters)}: ${text}`).toBe(200)
  return (JSON.parse(text) as { data: unknown }).data
}

/** Rows of the response: series, values or lines. */
async function rowsOf({ expr, uid, instant }: Query): Promise<number> {
  const now = Math.floor(Date.now() / 1000)
  const range = { query: expr, start: String(now - rangeSeconds), end: String(now), step: `${scrapes[uid]}` }
  const data = (await (uid === 'weir-logs'
    ? get('/loki/api/v1/query_range', { ...range, limit: '1000' })
    : instant
      ? get('/prometheus/api/v1/query', { query: expr, time: String(now) })
      : get('/prometheus/api/v1/query_range', range))) as { result: readonly unknown[] }
  return data.result.length
}

/** The variables of Grafana, then those of the dashboard. */
function queryOf(
  { expr, datasource: { uid }, instant }: Target,
  values: ReadonlyMap<string, string>,
  least?: string,
): Query {
  const scrape = scrapes[uid]!
  const text = expr
    .replaceAll('$__rate_interval', `${4 * scrape}s`)
    .replaceAll('$__interval', least ?? `${scrape}s`)
    .replaceAll('$__range', `${rangeSeconds}s`)
    .replaceAll(/\$(\w+)/g, (_, name: string) => values.get(name) ?? `no variable ${name}`)
  return { expr: text, uid, instant: instant === true }
}

/** The values in the list of the variable. */
async function valuesOf(definition: string): Promise<readonly string[]> {
  const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? []
  return (await get(`/prometheus/api/v1/label/${label}/values`, { 'match[]': metric })) as readonly string[]
}

/** Queries again until each panel has data: sums of an hour have a value each five minutes. */
async function emptyPanels(dashboard: Dashboard, values: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const until = Date.now() + 720_000
  for (;;) {
    const empty: string[] = []
    for (const { id, title, targets, interval } of dashboard.panels) {
      const rows = await Promise.all(targets.map((target) => rowsOf(queryOf(target, values, interval))))
      if (Math.max(...rows) === 0) empty.push(`${id} ${title}: ${targets[0]!.expr}`)
    }
    if (empty.length === 0 || Date.now() > until) return empty
    await sleep(2000)
  }
}

test.each(dashboards)('each panel of $name has data in the demo', { timeout: limit }, async ({ dashboard }) => {
  const all = new Map(dashboard.templating.list.map(({ name, allValue }) => [name, allValue]))
  expect(await emptyPanels(dashboard, all)).toEqual([])
})

test.each(dashboards)('each variable of $name has a value with data', { timeout: limit }, async (one) => {
  const { list } = one.dashboard.templating
  const all = new Map(list.map(({ name, allValue }) => [name, allValue]))
  for (const { name, definition } of list) {
    const [first] = await valuesOf(definition)
    expect(first, name).toMatch(/./)
    const targets = one.dashboard.panels
      .flatMap((panel) => panel.targets)
      .filter(({ expr }) => expr.includes(`$${name}`))
    const most = async () =>
      Math.max(...(await Promise.all(targets.map((each) => rowsOf(queryOf(each, new Map([...all, [name, first!]])))))))
    // A rate has a value only while its minute has an event.
    await expect.poll(most, { message: name, timeout: 300_000, interval: 2000 }).toBeGreaterThan(0)
  }
})
