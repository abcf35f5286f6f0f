// OpenTelemetry's collector as a receiver of logs and metrics, read from its printed output.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../kit/free-port.ts'

const readyLimit = 30_000

export interface PrintedLog {
  readonly timestamp: string
  readonly severity: string
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
}

export interface PrintedPoint {
  readonly name: string
  readonly unit: string
  readonly type: string
  readonly temporality: string
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
}

export interface OtlpCollector {
  readonly grpc: string
  readonly http: string
  logs(): PrintedLog[]
  /** Data points in order of arrival; of histograms the count. */
  points(): PrintedPoint[]
  stop(): Promise<void>
  start(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startOtlpCollector(path: string): Promise<OtlpCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-collector-'))
  const [grpc = 0, http = 0] = await freePorts(2)
  const config = join(folder, 'otelcol.yaml')
  const pipeline = { receivers: ['otlp'], exporters: ['debug'] }
  await writeFile(
    config,
    JSON.stringify({
      receivers: {
        otlp: {
          protocols: { grpc: { endpoint: `127.0.0.1:${grpc}` }, http: { endpoint: `127.0.0.1:${http}` } },
        },
      },
      exporters: { debug: { verbosity: 'detailed', sampling_initial: 1_000_000 } },
      service: { telemetry: { metrics: { level: 'none' } }, pipelines: { logs: pipeline, metrics: pipeline } },
    }),
  )
  let output = ''
  let stop = async (): Promise<void> => {}
  const start = async (): Promise<void> => {
    const from = output.length
    const child = spawn(path, ['--config', config], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    const exited = once(child, 'close')
    stop = async () => {
      process.off('exit', kill)
      kill()
      await exited
    }
    for (let waited = 0; !output.includes('Everything is ready', from); waited += 50) {
      if (waited > readyLimit || child.exitCode !== null) throw new Error(`the collector was not ready:\n${output}`)
      await sleep(50)
    }
  }
  await start()
  return {
    grpc: `grpc://127.0.0.1:${grpc}`,
    http: `http://127.0.0.1:${http}`,
    logs: () => printedLogs(output),
    points: () => printedPoints(output),
    start,
    stop: () => stop(),
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function attributesIn(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^ +-> (\S+): \w+\((.*)\)$/gm)].map(([, name, value]): [string, string] => [name!, value!]),
  )
}

function printedLogs(text: string): PrintedLog[] {
  return text
    .split(/^LogRecord #\d+$/m)
    .slice(1)
    .map((part) => {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? ''
      const [, attributes = ''] = part.split(/^Attributes:$/m)
      return {
        timestamp: field('Timestamp'),
        severity: `${field('SeverityText')} ${field('SeverityNumber')}`,
        body: /^Body: \w+\((.*)\)$/m.exec(part)?.[1] ?? '',
        attributes: attributesIn(attributes.split(/^Trace ID:/m)[0] ?? ''),
      }
    })
}

function printedPoints(text: string): PrintedPoint[] {
  return text
    .split(/^Metric #\d+$/m)
    .slice(1)
    .flatMap((metric) => {
      // The next request begins with the attributes of its resource.
      const [own = ''] = metric.split(/^.*\bResource(?:Metrics|Log) #\d+/m)
      const [head = '', ...points] = own.split(/^(?:Number|Histogram)DataPoints #\d+$/m)
      const field = (name: string): string => new RegExp(`^ +-> ${name}: (.*)$`, 'm').exec(head)?.[1] ?? ''
      return points.map((point) => ({
        name: field('Name'),
        unit: field('Unit'),
        type: field('DataType'),
        temporality: field('AggregationTemporality'),
        attributes: attributesIn(point),
        value: Number(/^(?:Value|Count): (.*)$/m.exec(point)?.[1]),
      }))
    })
}
