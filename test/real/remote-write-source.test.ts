// A real Prometheus 3 pushes what it scrapes, in both versions of remote write.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { remoteWriteSourceSchema } from '../../src/connectors/remote-write/config.ts'
import { openRemoteWrite } from '../../src/connectors/remote-write/source.ts'
import { realHost } from '../../src/host/index.ts'
import type { PointData } from '../../src/model/points.ts'
import { configFrom } from '../../src/schema/index.ts'
import { proves } from '../kit/proof.ts'
import { QueryScene } from '../kit/query-scene.ts'
import { findPrometheusGo, prometheusGo } from './install/prometheus-go.ts'
import { startPrometheus } from './kit/prometheus.ts'

const versions = [
  { version: '1.0', message: 'prometheus.WriteRequest' },
  { version: '2.0', message: 'io.prometheus.write.v2.Request' },
] as const

describe.each(versions)('remote-write $version', ({ message }) => {
  proves('source', { system: 'remote-write', server: 'Prometheus 3', version: () => prometheusGo.version })

  test('the samples of a scraped target arrive once, with their labels and the markers of its end', async (context) => {
    const found = findPrometheusGo()
    if (found.path === undefined) return context.skip(found.reason)
    const { path } = found
    let value = 0
    let isGone = false
    const target = createServer((_, response) => {
      response.writeHead(isGone ? 500 : 200, { 'content-type': 'text/plain; version=0.0.4' })
      response.end(
        `# HELP shop_orders_total Orders.\n# TYPE shop_orders_total counter\n` +
          `shop_orders_total{shop="a \\"b\\""} ${++value}\n` +
          `# TYPE shop_ratio gauge\nshop_ratio NaN\n`,
      )
    })
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      target.closeAllConnections()
      target.close()
    })
    const scene = new QueryScene('rw', 0)
    const source = await openRemoteWrite(configFrom(remoteWriteSourceSchema, { listen: '127.0.0.1:0' }), {
      ...scene.context(),
      host: realHost(),
    })
    const abort = new AbortController()
    const done = source.run(abort.signal)
    onTestFinished(async () => {
      abort.abort()
      await done
    })
    await using server = await startPrometheus(path, {
      targets: [`127.0.0.1:${(target.address() as AddressInfo).port}`],
      remoteWrite: [
        {
          url: `${source.addresses[0] ?? ''}/api/v1/write`,
          protobuf_message: message,
          queue_config: { batch_send_deadline: '200ms' },
        },
      ],
    })
    const points = (name: string) =>
      scene.events
        .filter(({ subject }) => subject === name)
        .map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as PointData)
    await expect.poll(() => points('shop_orders_total').length, { timeout: 60_000 }).toBeGreaterThanOrEqual(3)
    isGone = true
    await expect
      .poll(() => points('shop_orders_total').at(-1)?.special, { timeout: 60_000 })
      .toEqual({ value: 'stale' })
    const values = points('shop_orders_total').flatMap(({ fields }) => fields['value'] ?? [])
    expect(values.slice(0, 3)).toEqual([1, 2, 3])
    expect(new Set(scene.ids).size).toBe(scene.ids.length)
    const [first] = points('shop_orders_total')
    expect(first?.labels).toMatchObject({ shop: 'a "b"', job: 'weir' })
    expect(points('shop_ratio')[0]?.special).toEqual({ value: 'NaN' })
    expect(points('up')[0]?.fields).toEqual({ value: 1 })
    expect(server.url).toMatch(/^http/)
    expect(source.status().refused).toEqual({})
  })
})
