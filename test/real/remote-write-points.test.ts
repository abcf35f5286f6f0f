// Points pushed to the remote-write receiver of a real Prometheus 2.42.
import { describe, expect, onTestFinished, test } from 'vitest'
import { remoteWritePointsSchema } from '../../src/connectors/remote-write/config.ts'
import { sink as points } from '../../src/connectors/remote-write/sink-remote-write-points.ts'
import type { Context } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { proves } from '../kit/proof.ts'
import { versionOf } from './install/apt.ts'
import { prometheus as program } from './install/prometheus.ts'
import { need } from './kit/need.ts'
import { startPrometheus } from './kit/prometheus.ts'

const never = new AbortController().signal

describe('remote-write-points', () => {
  proves('sink', { system: 'remote-write-points', server: 'Prometheus', version: () => versionOf(program) })

  test('samples as received; one poison in 1,000 is one dead letter with the reason', async (context) => {
    const server = await startPrometheus(await need(context, program))
    onTestFinished(() => server[Symbol.asyncDispose]())
    const config = configFrom(remoteWritePointsSchema, { url: `${server.url}/api/v1/write`, labels: { site: 'west' } })
    const dropped: number[] = []
    const metrics = { count: (_: string, by: number) => dropped.push(by), set: () => undefined }
    const sink = await points.build(config, { ...testContext(), metrics } as Context)
    onTestFinished(() => sink.close())
    const now = Math.floor(Date.now() / 1000) * 1000
    const point = (id: number, data: object, time = now): WeirEvent => ({
      ...numberedEvents(1, `p${id}-`)[0]!,
      family: 'point',
      time,
      data: Buffer.from(JSON.stringify(data)),
    })
    const counter = (id: number): object => ({ name: 'jobs_total', labels: { id: `n${id}` }, fields: { value: id } })
    expect(await sink.send(eventBatch([point(-1, counter(500), now + 5000)], 'a'), never)).toEqual([])
    // Series n500 has a newer sample.
    const batch = eventBatch(
      Array.from({ length: 1000 }, (_, id) => point(id, counter(id))),
      'b',
    )
    for (let time = 0; time < 2; time++) {
      const failures = await sink.send(batch, never)
      expect(failures.map(({ index, is }) => [index, is])).toEqual([[500, 'reject']])
      expect(failures[0]?.reason).toMatch(/^HTTP 400: out of order sample/)
    }
    expect(await server.sum('count(jobs_total{site="west"} offset -10s)')).toBe(1000)
    expect(await server.sum('sum(jobs_total{id!="n500"} offset -10s)')).toBe((999 * 1000) / 2 - 500)

    const wide = { name: 'tick 1', labels: { 'a b': 'x', empty: '' }, fields: { price: 1.5, up: true, note: 'hi' } }
    const special = { name: 'odd', fields: {}, special: { value: '+Inf' } }
    expect(
      await sink.send(eventBatch([point(1, wide), point(2, special), point(3, { name: 'no' })], 'c'), never),
    ).toEqual([{ index: 2, is: 'drop', reason: 'the row is no point' }])
    expect(dropped).toEqual([1])
    expect(await server.query('{__name__=~"tick_1_.*"} offset -10s')).toEqual(
      [1.5, 1].map((value, at) => ({
        labels: { __name__: ['tick_1_price', 'tick_1_up'][at], a_b: 'x', site: 'west' },
        value,
      })),
    )
    expect(await server.sum('odd offset -10s == bool +Inf')).toBe(1)
  })
})
