// Flow metrics in a real Prometheus: scraped, and by remote write.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, type TestContext } from 'vitest'
import { prometheusSchema } from '../../src/connectors/prometheus/config.ts'
import { sink as prometheusSink } from '../../src/connectors/prometheus/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { configFrom } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
import { selfSigned } from '../kit/certificate.ts'
import { freePorts } from '../kit/free-port.ts'
import { flowSinkBatch, metricFlows } from '../kit/metric-flows.ts'
import { proves } from '../kit/proof.ts'
import { versionOf } from './install/apt.ts'
import { prometheus as program } from './install/prometheus.ts'
import { expectFlowSums } from './kit/metric-sums.ts'
import { need } from './kit/need.ts'
import { startPrometheus, type PrometheusOptions, type PrometheusServer } from './kit/prometheus.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function server(context: TestContext, options: PrometheusOptions): Promise<PrometheusServer> {
  const path = await need(context, program)
  const started = await startPrometheus(path, options)
  closing.push(() => started[Symbol.asyncDispose]())
  return started
}

async function folderFor(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-real-metrics-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('prometheus', () => {
  proves('sink', { system: 'prometheus', server: 'Prometheus', version: () => versionOf(program) })

  async function open(written: object): Promise<Sink> {
    const sink = await prometheusSink.build(configFrom(prometheusSchema, written), testContext())
    closing.push(() => sink.close())
    return sink
  }

  test('scrapes over TLS with a token have the sums of the flows, in PromQL', async (context) => {
    const folder = await folderFor()
    const { cert, key } = selfSigned()
    const files = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
    await Promise.all([
      writeFile(files.cert_file, cert),
      writeFile(files.key_file, key),
      writeFile(join(folder, 'token'), 'scrape-me-please'),
    ])
    const [port = 0] = await freePorts(1)
    const sink = await open({ listen: `127.0.0.1:${port}`, tls: files, token: `file:${join(folder, 'token')}` })
    const started = await server(context, {
      targets: [`127.0.0.1:${port}`],
      scrape: {
        scheme: 'https',
        tls_config: { ca_file: files.cert_file },
        authorization: { credentials_file: join(folder, 'token') },
      },
    })
    const records = metricFlows(5000, 7)
    for (let from = 0; from < records.length; from += 500) {
      const batch = flowSinkBatch(records.slice(from, from + 500), `t${from}`)
      expect(await sink.send(batch, never)).toEqual([])
      if (from % 1000 === 0) expect(await sink.send(batch, never)).toEqual([])
    }
    await expectFlowSums(started, records)
    const meta = (await (await fetch(`${started.url}/api/v1/metadata`)).json()) as {
      data: Record<string, { type: string }[]>
    }
    expect(meta.data['netobserv_workload_rtt_seconds']?.[0]?.type).toBe('histogram')
  })

  test('promtool finds no fault in the exposition of all metrics', async (context) => {
    const path = await need(context, program)
    const [port = 0] = await freePorts(1)
    const custom = [
      { name: 'latency_seconds', type: 'histogram', value: 'DnsLatencyMs', divide: 1000, buckets: ['.1', '1'] },
    ]
    const sink = await open({ listen: `127.0.0.1:${port}`, include: ['all'], custom, sampling: 'both' })
    const records = metricFlows(500, 3).map((record, i) => ({
      ...record,
      ...(i % 2 === 0
        ? { DnsId: i, DnsLatencyMs: i % 1000, DnsFlagsResponseCode: 'NoError' }
        : { PktDropBytes: i, PktDropPackets: 1, PktDropLatestState: 'TCP_CLOSE', IPSecStatus: 'success' }),
      NetworkEvents: [{ Feature: 'acl', Type: 'NetworkPolicy', Name: 'deny', Action: 'drop', Direction: 'Ingress' }],
    }))
    expect(await sink.send(flowSinkBatch(records, 't'), never)).toEqual([])
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(text).toContain('netobserv_workload_network_policy_events_total{')
    const tool = spawn(join(dirname(path), 'promtool'), ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
    let printed = ''
    for (const stream of [tool.stdout, tool.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => (printed += more))
    const exited = once(tool, 'close')
    tool.stdin.end(text)
    await exited
    // The labels have the names of NetObserv.
    const other = printed.split('\n').filter((line) => line !== '' && !line.includes("not 'camelCase'"))
    expect(other).toEqual([])
  })
})
