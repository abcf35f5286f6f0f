// PromQL of Weir beside a real Prometheus 3 with the same samples: every query has the same answer.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStored, type StoredApi } from '../../src/api/testing/stored.ts'
import { snappyCompress } from '../../src/codecs/snappy/index.ts'
import { toEventBatch } from '../../src/model/events.ts'
import { expectSame, type Answer } from './grafana/compare.ts'
import { generatedPromql } from './grafana/generate.ts'
import { pointEvents, testSeries, writeRequests } from './grafana/series.ts'
import { findPrometheusGo } from './install/prometheus-go.ts'
import { startPrometheus, type PrometheusServer } from './kit/prometheus.ts'

const lines = (name: string): string[] =>
  readFileSync(new URL(`grafana/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
const queries = [...lines('promql.txt'), ...generatedPromql(28, 150)]

const start = 1_700_000_000_000
const ends = [start + 1_803_000, start + 2_700_000]
let server: PrometheusServer | undefined

beforeAll(async () => {
  const found = findPrometheusGo()
  if (found.path === undefined) return
  server = await startPrometheus(found.path)
  for (const body of writeRequests(testSeries(start))) {
    const answer = await fetch(`${server.url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
      body: snappyCompress(body),
    })
    if (!answer.ok) throw new Error(await answer.text())
  }
}, 120_000)
afterAll(async () => server?.[Symbol.asyncDispose]())

async function ask(url: string, path: string, parameters: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) })
  return (await answer.json()) as Answer
}

describe('PromQL', () => {
  test('every query has the answer of Prometheus 3', async (context) => {
    if (server === undefined) return context.skip('there is no Prometheus 3')
    const api: StoredApi = await startStored()
    await api.addBatch(toEventBatch(pointEvents(testSeries(start))), start)
    const problems: string[] = []
    const compare = async (query: string, path: string, parameters: Record<string, string>): Promise<void> => {
      const [actual, expected] = await Promise.all([
        ask(`${api.url}/prometheus`, path, { query, ...parameters }),
        ask(server!.url, path, { query, ...parameters }),
      ])
      try {
        expectSame(`${query} ${JSON.stringify(parameters)}`, actual, expected)
      } catch (error) {
        problems.push(
          [query, path, ...[actual, expected, String(error)].map((each) => JSON.stringify(each).slice(0, 200))].join(
            ' | ',
          ),
        )
      }
    }
    for (const query of queries) {
      for (const end of ends) await compare(query, 'query', { time: String(end / 1000) })
      await compare(query, 'query_range', {
        start: String(start / 1000 + 607),
        end: String(ends[1]! / 1000),
        step: '47',
      })
    }
    expect(queries.length).toBeGreaterThanOrEqual(350)
    expect(problems).toEqual([])
  }, 300_000)
})
