// Weir and Telegraf with the same work: messages of a RabbitMQ queue become points, which a sink stores.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../../test/kit/free-port.ts'
import { cpuSeconds } from '../../../test/kit/proc.ts'
import { startWeir, type WeirProcess } from '../../../test/kit/weir-process.ts'
import { startHttpProcess } from '../../../test/real/kit/http-process.ts'

/** `opensearch`: an index. `influxdb`: a database of InfluxDB 1. Both have the name of the queue. */
export type Output = Readonly<{ to: 'opensearch' | 'influxdb'; url: string }>

export interface Program {
  readonly name: string
  readonly weir?: WeirProcess
  cpuSeconds(): number
  /** SIGKILL, and a new start with the same settings and folder. */
  kill(): Promise<void>
  stop(): Promise<void>
}

export type Place = Readonly<{
  folder: string
  /** `amqp://127.0.0.1:PORT` */
  broker: string
  queue: string
  output: Output
}>

/** Unacknowledged messages, rows of a request and the longest wait for them, of both programs. */
const [prefetch, rows, flush] = [2000, 1000, '1s']

export async function startWeirFeed({ folder, broker, queue, output }: Place): Promise<Program> {
  const sinks = {
    opensearch: { type: 'elasticsearch', url: output.url, index: queue, document: 'telegraf' },
    influxdb: { type: 'influxdb', url: output.url, api: 'v1', bucket: queue, types: { sequence: 'int' } },
  }
  const delivery = { events: rows, wait: flush, retry_initial: '100ms', retry_max: '2s' }
  const inline = {
    parse: {
      to: 'point',
      name: 'tick',
      labels: ['symbol'],
      fields: ['price', 'sequence'],
      time: { from: 'timestamp', format: 'unix_ms' },
    },
  }
  const weir = await startWeir({
    folder: join(folder, queue),
    config: {
      store: { enabled: 'none' },
      sources: {
        netflow: { listen: 'off', tcp: 'off' },
        feed: { type: 'rabbitmq', url: broker, queue, codec: 'json', prefetch, ...inline },
      },
      sinks: {
        out: { ...sinks[output.to], delivery },
      },
    },
  })
  return {
    name: 'Weir',
    weir,
    cpuSeconds: () => weir.cpuSeconds(),
    async kill() {
      await weir.kill()
      await weir.start()
    },
    async stop() {
      await weir.stop()
    },
  }
}

export async function startTelegraf(path: string, { folder, broker, queue, output }: Place): Promise<Program> {
  const [port = 0] = await freePorts(1)
  const home = join(folder, queue)
  mkdirSync(home, { recursive: true })
  const file = join(home, 'telegraf.conf')
  const outputs = {
    opensearch: `  index_name = "${queue}"\n  template_name = "${queue}"`,
    influxdb: `  database = "${queue}"\n  content_encoding = "gzip"`,
  }
  const settings = `[agent]
  interval = "${flush}"
  flush_interval = "${flush}"
  metric_batch_size = ${rows}
  omit_hostname = true
  quiet = true
[[inputs.amqp_consumer]]
  brokers = ["${broker}/"]
  username = "guest"
  password = "guest"
  queue = "${queue}"
  queue_passive = true
  prefetch_count = ${prefetch}
  max_undelivered_messages = ${prefetch}
  data_format = "json_v2"
  [[inputs.amqp_consumer.json_v2]]
    measurement_name = "tick"
    timestamp_path = "timestamp"
    timestamp_format = "unix_ms"
    [[inputs.amqp_consumer.json_v2.tag]]
      path = "symbol"
    [[inputs.amqp_consumer.json_v2.field]]
      path = "price"
      type = "float"
    [[inputs.amqp_consumer.json_v2.field]]
      path = "sequence"
      type = "int"
[[outputs.${output.to}]]
  urls = ["${output.url}"]
${outputs[output.to]}
`
  writeFileSync(file, settings)
  const listen = `127.0.0.1:${port}`
  const running = await startHttpProcess(
    path,
    ['--config', file, '--pprof-addr', listen],
    `http://${listen}/debug/pprof/cmdline`,
  )
  return {
    name: 'Telegraf',
    cpuSeconds: () => cpuSeconds(running.pid()),
    kill: () => running.restart('SIGKILL'),
    stop: () => running[Symbol.asyncDispose](),
  }
}
