// Weir and a real Prometheus scrape the same targets: a page, and another Prometheus.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { prometheusScrapeSchema } from '../../src/connectors/prometheus/config.ts'
import { openScrape } from '../../src/connectors/prometheus/source.ts'
import { realHost } from '../../src/host/index.ts'
import type { PointData } from '../../src/model/points.ts'
import { configFrom } from '../../src/schema/index.ts'
import { proves } from '../kit/proof.ts'
import { QueryScene } from '../kit/query-scene.ts'
import { findPrometheusGo, prometheusGo } from './install/prometheus-go.ts'
import { startPrometheus, type PrometheusServer } from './kit/prometheus.ts'

const patience = { timeout: 60_000, interval: 200 }
const pages = {
  'text/plain; version=0.0.4':
    '# TYPE orders_total counter\norders_total{shop="a \\"b\\"\\n\\\\",job="x",empty=""} 12345678901234567\n' +
    '# TYPE ratio gauge\nratio NaN\nhigh +Inf\nlow{a="é"} -Inf\ntiny 1.5e-300\n' +
    '# TYPE took histogram\ntook_bucket{le="0.5"} 1\ntook_bucket{le="+Inf"} 2\ntook_sum 3.25\ntook_count 2\n',
  'application/openmetrics-text; version=1.0.0; charset=utf-8':
    '# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n' +
    'took_seconds_bucket{le="1.0"} 1 # {trace="x"} 0.5\ntook_seconds_bucket{le="+Inf"} 2\n' +
    'took_seconds_count 2\ntook_seconds_sum 1e3\n# TYPE hits counter\nhits_total{exported_job="y",job="x"} 3\n' +
    '# TYPE build info\nbuild_info{version="1"} 1\n{"http.requests","a b"="c"} 7\n# EOF\n',
}

describe('prometheus-scrape', () => {
  proves('source', { system: 'prometheus-scrape', server: 'Prometheus 3', version: () => prometheusGo.version })

  test.for(Object.entries(pages))(
    'a page of %s has the series and values of Prometheus',
    async ([type, body], context) => {
      const installed = findPrometheusGo()
      if (installed.path === undefined) return context.skip(installed.reason)
      const target = createServer((_, response) => {
        response.writeHead(200, { 'content-type': type })
        response.end(body)
      })
      await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => {
        target.closeAllConnections()
        target.close()
      })
      const address = `127.0.0.1:${(target.address() as AddressInfo).port}`
      await using server = await startPrometheus(installed.path, { targets: [address] })
      const scraped = await scrape(address)
      await expect.poll(() => scraped().size, patience).toBeGreaterThan(5)
      await expect.poll(() => server.sum('up'), patience).toBe(1)
      expect(timeless(scraped())).toEqual(timeless(await valuesOf(server)))
    },
  )

  test('another Prometheus has the series that Prometheus reads from it', async (context) => {
    const installed = findPrometheusGo()
    if (installed.path === undefined) return context.skip(installed.reason)
    const { path } = installed
    await using other = await startPrometheus(path)
    const address = new URL(other.url).host
    await using server = await startPrometheus(path, { targets: [address] })
    const scraped = await scrape(address)
    await expect.poll(() => scraped().size, patience).toBeGreaterThan(300)
    const keys = (values: ReadonlyMap<string, unknown>): string[] => [...values.keys()].sort()
    const missing = async (): Promise<string[]> => {
      const [own, expected] = [keys(scraped()), new Set(keys(await valuesOf(server)))]
      return [...own.filter((key) => !expected.has(key)), ...[...expected].filter((key) => !own.includes(key))]
    }
    await expect.poll(missing, { ...patience, timeout: 20_000 }).toEqual([])
    const [own, expected] = [scraped(), await valuesOf(server)]
    const info = [...own.keys()].filter((key) => key.includes('prometheus_build_info'))
    expect(info).toHaveLength(1)
    expect(info.map((key) => own.get(key))).toEqual(info.map((key) => expected.get(key)))
  })
})

/** The newest value of each series. */
async function scrape(address: string): Promise<() => ReadonlyMap<string, string>> {
  const scene = new QueryScene('weir', 0)
  const config = configFrom(prometheusScrapeSchema, { targets: [`http://${address}/metrics`], every: '1s' })
  const source = await openScrape(config, { ...scene.context(), host: realHost() })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  onTestFinished(async () => {
    abort.abort()
    await done
  })
  return () =>
    new Map(
      scene.events.map(({ data }) => {
        const { name, labels = {}, fields, special } = JSON.parse(Buffer.from(data ?? []).toString()) as PointData
        return [keyOf(name, labels), special?.['value'] ?? String(Number(fields['value']))]
      }),
    )
}

async function valuesOf({ url }: PrometheusServer): Promise<ReadonlyMap<string, string>> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent('{__name__=~".+"}')}`)
  const { data } = (await response.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  return new Map(
    data.result.map(({ metric: { __name__: name = '', ...labels }, value: [, value] }) => [
      keyOf(name, labels),
      /Inf|NaN/.test(value) ? value : String(Number(value)),
    ]),
  )
}

const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])

/** Without the values that depend on time. */
function timeless(values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...values].map(([key, value]) => [key, /scrape_duration|series_added/.test(key) ? '' : value]),
  )
}
