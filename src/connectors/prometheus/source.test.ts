import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import type { PointData } from '../../model/points.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { prometheusScrapeSchema } from './config.ts'
import { readExposition } from './map-exposition.ts'
import { podTargets } from './map-pods.ts'
import { openScrape, source as scrapeSource, type ScrapeSource } from './source.ts'

proves('source', { system: 'prometheus-scrape', server: 'node:http', standIn: true })

type Written = Partial<WrittenConfigOf<typeof prometheusScrapeSchema>>
type Answer = Readonly<{ status?: number; type?: string; body: string | Buffer }>

/** Scrapes a server that gives these answers in order, the last one from then on. */
async function scrape(answers: readonly Answer[], written: Written = {}) {
  let requests = 0
  const server = createServer((_, response) => {
    const {
      status = 200,
      type = 'text/plain; version=0.0.4',
      body,
    } = answers[Math.min(requests++, answers.length - 1)]!
    response.writeHead(status, { 'content-type': type })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const port = (server.address() as AddressInfo).port
  const scene = new QueryScene('scrape', 1000)
  const config = configFrom(prometheusScrapeSchema, { targets: [`http://127.0.0.1:${port}/metrics`], ...written })
  const source: ScrapeSource = await openScrape(config, scene.context())
  const abort = new AbortController()
  const done = source.run(abort.signal)
  await expect.poll(() => scene.units.length, { interval: 2, timeout: 20_000 }).toBeGreaterThanOrEqual(answers.length)
  abort.abort()
  await done
  const of = (unit: number): PointData[] =>
    scene.events
      .slice(...bounds(scene, unit))
      .map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as PointData)
  const values = (unit: number): Record<string, unknown> =>
    Object.fromEntries(of(unit).map(({ name, fields, special }) => [name, special?.['value'] ?? fields['value']]))
  const probe = () => scrapeSource.probe?.(config, scene.context(), new AbortController().signal)
  return { scene, source, of, values, probe, instance: `127.0.0.1:${port}` }
}

function bounds({ units }: QueryScene, unit: number): [number, number] {
  const before = units.slice(0, unit).reduce((sum, { count }) => sum + count, 0)
  return [before, before + units[unit]!.count]
}

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

test('samples have the labels of the target, and conflicting ones are renamed', async () => {
  const body = 'orders_total{job="shop",zone="a",empty=""} 5 1500\n# TYPE ratio gauge\nratio NaN\nratio 2\n'
  const { of, scene, instance, probe } = await scrape([{ body }], { job: 'web', labels: { zone: 'lon1' } })
  const target = { instance, job: 'web', zone: 'lon1' }
  expect(of(0).slice(0, 3)).toEqual([
    { name: 'orders_total', labels: { exported_job: 'shop', exported_zone: 'a', ...target }, fields: { value: 5 } },
    { name: 'ratio', labels: target, fields: {}, special: { value: 'NaN' }, kind: 'gauge' },
    { name: 'up', labels: target, fields: { value: 1 }, kind: 'gauge' },
  ])
  expect(scene.events[0]?.time).toBe(1500)
  expect(scene.shed).toEqual({ duplicate: 1 })
  expect(await probe()).toEqual({ is: 'ok', message: `http://${instance}/metrics has 3 samples` })
  const honored = await scrape([{ body: 'a{job="shop"} 1\n' }], { honor_labels: true })
  expect(honored.of(0)[0]?.labels).toEqual({ instance: honored.instance, job: 'shop' })
})

test('samples with labels above the bounds, and lines that are not UTF-8, are dropped alone and counted', async () => {
  const many = Array.from({ length: 99 }, (_, at) => `l${at}="x"`).join(',')
  const lines = [
    'good 1',
    `wide{a="${'x'.repeat(2049)}"} 1`,
    `named{${'n'.repeat(1025)}="x"} 1`,
    `full{${many}} 1`,
    'latin{a="\xe9"} 1',
    `fits{a="${'x'.repeat(2048)}"} 1`,
  ]
  const body = Buffer.from(`${lines.join('\n')}\n`, 'latin1')
  // The scrapes after them drop nothing: one may run when the test reads the counts.
  const { of, scene, source } = await scrape([{ body }, { body }, { body: 'good 1\n' }])
  expect(
    of(0)
      .slice(0, 3)
      .map(({ name }) => name),
  ).toEqual(['good', 'fits', 'up'])
  expect(of(0)[2]?.fields).toEqual({ value: 1 })
  const twice = { label_value_too_long: 2, label_name_too_long: 2, too_many_labels: 2, invalid_utf8: 2 }
  expect(scene.shed).toEqual(twice)
  expect(scene.lines.filter((line) => line.includes('are dropped'))).toHaveLength(1)
  expect(source.status().targets[0]?.why).toBeUndefined()
})

test('series that vanish get a marker, and all of them if a scrape fails', async () => {
  const two = { body: 'a 1\nb 2\n' }
  const { values, source, scene } = await scrape(
    [two, { body: 'a 3\n' }, { status: 503, body: '' }, { body: 'a 4\nb{\n' }, two, { body: 'a 1\nb 2\nc 3\n' }],
    { sample_limit: 2 },
  )
  const about = { scrape_duration_seconds: 0, scrape_samples_post_metric_relabeling: 0, scrape_samples_scraped: 0 }
  const failed = { up: 0, ...about, scrape_series_added: 0 }
  expect(values(0)).toMatchObject({ a: 1, b: 2, up: 1, scrape_samples_scraped: 2, scrape_series_added: 2 })
  expect(values(1)).toMatchObject({ a: 3, b: 'stale', up: 1, scrape_samples_scraped: 1, scrape_series_added: 0 })
  expect(values(2)).toEqual({ a: 'stale', ...failed })
  expect(values(3)).toEqual(failed)
  expect(values(4)).toMatchObject({ a: 1, b: 2, up: 1, scrape_series_added: 2 })
  expect(values(5)).toEqual({ a: 'stale', b: 'stale', ...failed, scrape_samples_scraped: 3 })
  expect(source.status().targets[0]?.why).toBe('the response has 3 samples: raise `sample_limit`')
  expect(scene.lines.join('\n')).toContain('the response is malformed: line 2 is malformed')
  expect(source.health()?.counts).toBe('lasting')
  expect(source.feed?.()).toMatchObject({
    targets: { known: 1, failing: 1 },
    poll: { next: expect.any(Number) as number },
  })
})

test.each(['# {a="b"}', '# {a="b"} x', '# {a} 1', '# a="b" 1', '# {a="b" 1', '# {a="b"} 1 y', '# {a="b"} 1 2 3'])(
  'an exemplar %s makes the response malformed',
  (exemplar) => {
    expect(() => readExposition(`m_total 1 ${exemplar}\n# EOF\n`, 'openmetrics')).toThrow('line 1 is malformed')
    expect(readExposition('m_total 1 # {} 1 1.5\n# EOF\n', 'openmetrics').exemplars).toBe(1)
  },
)

test('OpenMetrics has types, units, exemplars and an end', async () => {
  const text =
    '# TYPE took histogram\n# UNIT took seconds\ntook_bucket{le="+Inf"} 2 12.5 # {trace="x"} 0.5 1\ntook_count 2\n' +
    '# TYPE hits counter\nhits_total 3\nhits_created 1.5e9\n{"http.requests",code="a\\"b,}\\n"} -Inf\n# EOF\n'
  expect(readExposition(text, 'openmetrics')).toEqual({
    exemplars: 1,
    samples: [
      { name: 'took_bucket', labels: [['le', '+Inf']], value: 2, at: 12_500, kind: 'histogram', unit: 'seconds' },
      { name: 'took_count', labels: [], value: 2, at: undefined, kind: 'histogram', unit: 'seconds' },
      { name: 'hits_total', labels: [], value: 3, at: undefined, kind: 'counter', unit: undefined },
      { name: 'hits_created', labels: [], value: 1.5e9, at: undefined, kind: undefined, unit: undefined },
      {
        name: 'http.requests',
        labels: [['code', 'a"b,}\n']],
        value: -Infinity,
        at: undefined,
        kind: undefined,
        unit: undefined,
      },
    ],
  })
  expect(() => readExposition('a 1\n', 'openmetrics')).toThrow('the response has no # EOF')
  for (const line of ['a', 'a{b="c" 1', 'a{b=c} 1', 'a x', 'a 1 2 3', 'a{b="1",b="2"} 1', '{} 1', '1a 1', 'a 0x'])
    expect(() => readExposition(`ok 1\n${line}\n`, 'text')).toThrow('line 2 is malformed')
  const { values } = await scrape([{ type: openMetrics, body: text }])
  expect(values(0)).toMatchObject({ hits_total: 3, up: 1, scrape_samples_scraped: 5 })
})

test('annotations of a pod name its targets', () => {
  const meta = (annotations: Record<string, string>) => ({
    name: 'web-1',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '1',
    labels: {},
    annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`prometheus.io/${key}`, value])),
    managedFields: [],
  })
  const pod = {
    spec: { nodeName: 'n1', containers: [{ ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP' }] }] },
    status: { podIP: '10.1.2.3', phase: 'Running' },
  }
  const labels = { namespace: 'shop', pod: 'web-1', node: 'n1' }
  expect(podTargets(meta({ scrape: 'true' }), pod)).toEqual([
    { url: 'http://10.1.2.3:80/metrics', labels: { ...labels, instance: '10.1.2.3:80' } },
  ])
  expect(podTargets(meta({ scrape: 'true', port: '9100', path: '/m', scheme: 'https' }), pod)).toEqual([
    { url: 'https://10.1.2.3:9100/m', labels: { ...labels, instance: '10.1.2.3:9100' } },
  ])
  expect(podTargets(meta({}), pod)).toEqual([])
  expect(podTargets(meta({ scrape: 'true' }), { ...pod, status: { podIP: '10.1.2.3', phase: 'Failed' } })).toEqual([])
  expect(podTargets(meta({ scrape: 'true', port: 'x y' }), pod)).toEqual([])
})
