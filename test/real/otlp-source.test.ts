// The OpenTelemetry collector exports its own logs and metrics with the exporters of the Go SDK.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { otlpSourceSchema } from '../../src/connectors/otlp/config.ts'
import { openOtlp } from '../../src/connectors/otlp/source.ts'
import { realHost } from '../../src/host/index.ts'
import type { LogData, PointData } from '../../src/model/points.ts'
import { configFrom } from '../../src/schema/index.ts'
import { selfSigned } from '../kit/certificate.ts'
import { freePorts } from '../kit/free-port.ts'
import { prove } from '../kit/proof.ts'
import { QueryScene } from '../kit/query-scene.ts'
import { collector, installCollector } from './install/otel-collector.ts'

const protocols = [
  { over: 'HTTP', protocol: 'http/protobuf' },
  { over: 'gRPC', protocol: 'grpc' },
] as const
const patience = { timeout: 60_000, interval: 100 }
const token = 'correct-horse-battery'

describe.each(protocols)('over $over', ({ over, protocol }) => {
  test('logs and metrics of a Go SDK arrive once, and others are refused', async (context) => {
    const installed = await installCollector()
    if (installed.path === undefined) return context.skip(installed.reason)
    for (const signal of ['logs', 'metrics'])
      await prove(context.task.meta, 'source', {
        system: 'otlp-source',
        server: 'OpenTelemetry Collector (Go SDK)',
        version: () => collector.version,
        part: `${signal} over ${over}`,
      })
    const scene = new QueryScene('otel', 0)
    // Go's exporter of metrics uses TLS over gRPC even if it is set to `insecure`.
    const files = await certificate()
    const config = configFrom(otlpSourceSchema, { listen: '127.0.0.1:0', grpc: '127.0.0.1:0', token, tls: files })
    const source = await openOtlp(config, { ...scene.context(), host: realHost() })
    const abort = new AbortController()
    const done = source.run(abort.signal)
    onTestFinished(async () => {
      abort.abort()
      await done
    })
    const [http = '', grpc = ''] = source.addresses
    const endpoint = over === 'HTTP' ? http : grpc.replace('grpcs:', 'https:')
    const exporter = { protocol, endpoint, certificate: files.cert_file }
    await runCollector(installed.path, { ...exporter, compression: 'gzip' })
    const bodies = (type: string): unknown[] =>
      scene.events
        .filter((event) => event.type === type)
        .map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as unknown)
    const points = (name: string) => (bodies('weir.point') as PointData[]).filter((point) => point.name === name)
    const lines = () => bodies('weir.log') as LogData[]
    await expect.poll(() => points('otelcol_process_uptime').length, patience).toBeGreaterThanOrEqual(3)
    await expect
      .poll(() => lines().map(({ line }) => line), patience)
      .toContain('Everything is ready. Begin running and processing data.')
    const uptimes = points('otelcol_process_uptime').map(({ fields }) => Number(fields['value']))
    expect(uptimes).toEqual(uptimes.toSorted((a, b) => a - b))
    expect(points('otelcol_process_uptime')[0]).toMatchObject({ kind: 'counter', unit: 's', labels: { job: 'shop' } })
    expect(points('otelcol_process_memory_rss')[0]).toMatchObject({ kind: 'gauge', unit: 'By' })
    expect(lines()[0]).toMatchObject({ severity: 'info', labels: { service_name: 'shop' } })
    expect(new Set(scene.ids).size).toBe(scene.ids.length)
    expect(source.status().refused).toEqual({})
    await runCollector(installed.path, exporter, 'wrong')
    await expect.poll(() => source.status().refused.unauthorized, patience).toBeGreaterThan(0)
  })
})

async function certificate(): Promise<Readonly<{ cert_file: string; key_file: string }>> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-otlp-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { cert, key } = selfSigned()
  const files = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
  await writeFile(files.cert_file, cert)
  await writeFile(files.key_file, key)
  return files
}

async function runCollector(path: string, exporter: Readonly<Record<string, string>>, login = token): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-collector-'))
  const [port = 0] = await freePorts(1)
  const otlp = { ...exporter, headers: [{ name: 'authorization', value: `Bearer ${login}` }] }
  const pipeline = { receivers: ['otlp'], exporters: ['debug'] }
  const file = join(folder, 'otelcol.yaml')
  await writeFile(
    file,
    JSON.stringify({
      receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { debug: {} },
      service: {
        telemetry: {
          resource: { 'service.name': 'shop' },
          metrics: { level: 'detailed', readers: [{ periodic: { interval: 300, exporter: { otlp } } }] },
          logs: { processors: [{ batch: { schedule_delay: 200, exporter: { otlp } } }] },
        },
        pipelines: { logs: pipeline },
      },
    }),
  )
  const child = spawn(path, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const exited = once(child, 'close')
  onTestFinished(async (result) => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true, force: true })
    if (result.task.result?.state === 'fail') process.stderr.write(output)
  })
}
