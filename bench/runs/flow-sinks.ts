// CPU time of a sink per flow: encoding, client library and acknowledgements, in the process that sends. The time of
// the server is separate.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kafkaSchema } from '../../src/connectors/kafka/config.ts'
import { sink as kafka } from '../../src/connectors/kafka/sink.ts'
import { natsSchema } from '../../src/connectors/nats/config.ts'
import { sink as nats } from '../../src/connectors/nats/sink.ts'
import { rabbitmqSchema } from '../../src/connectors/rabbitmq/config.ts'
import { sink as rabbitmq } from '../../src/connectors/rabbitmq/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { configFrom } from '../../src/schema/index.ts'
import { testContext } from '../../test/conformance/batches.ts'
import { collectGarbage } from '../../test/kit/garbage.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { cpuSeconds } from '../../test/kit/proc.ts'
import { install, type Installed } from '../../test/real/install/apt.ts'
import { installKafka } from '../../test/real/install/kafka.ts'
import { nats as natsProgram } from '../../test/real/install/nats.ts'
import { rabbitmq as rabbitmqProgram } from '../../test/real/install/rabbitmq.ts'
import { startKafka } from '../../test/real/kit/kafka.ts'
import { startNats } from '../../test/real/kit/nats.ts'
import { startRabbit } from '../../test/real/kit/rabbitmq.ts'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { sinkBatches } from './flow-sinks/batches.ts'

interface Bus {
  readonly sinks: Readonly<Record<string, Sink>>
  /** Of the server, if it is known. */
  readonly pid?: number
  close(): Promise<void>
}

const never = new AbortController().signal
/** Of packed flows to NATS to those to Kafka. */
const mostOfKafka = 1
const [natsUnpacked, natsPacked, kafkaJson] = ['NATS', 'NATS, packed', 'Kafka']

export default {
  name: 'flow-sinks',
  issue: '58.11',
  title: 'CPU time of a flow to NATS and RabbitMQ, in single and in packed messages, beside Kafka.',
  async run(context) {
    const costs = new Map<string, number>()
    const kinds: readonly [string, () => Promise<Installed>, (folder: string) => Promise<Bus>][] = [
      ['NATS', () => install(natsProgram), startNatsBus],
      ['Kafka', installKafka, startKafkaBus],
      ['RabbitMQ', () => install(rabbitmqProgram), startRabbitBus],
    ]
    for (const [name, find, start] of context.size(kinds, kinds.slice(0, 1))) {
      const found = await find()
      if (found.path === undefined) context.figure(name, `not available: ${found.reason}`)
      else {
        const folder = join(context.folder, name)
        mkdirSync(folder)
        await measureBus(context, await start(folder), costs)
      }
    }
    if (costs.size === 0) context.skip('no server of a bus is available')
    const [single, packed, beside] = [natsUnpacked, natsPacked, kafkaJson].map((name) => costs.get(name) ?? Number.NaN)
    context.expectSpeed(packed! <= single! / 2, 'a packed flow costs at most half of a single one (NATS)')
    if (costs.has(kafkaJson))
      context.expectSpeed(packed! <= mostOfKafka * beside!, 'a packed flow to NATS costs at most one to Kafka')
  },
} satisfies AcceptanceRun

async function measureBus(context: AcceptanceContext, bus: Bus, costs: Map<string, number>) {
  try {
    for (const [name, sink] of Object.entries(bus.sinks)) {
      const [own, servers]: [number[], number[]] = [[], []]
      const count = context.size(50_000, 5000)
      for (let round = 0; round <= context.size(5, 1); round++) {
        const batches = sinkBatches(context.seed + round, count)
        collectGarbage()
        const [server, began] = [serverSeconds(bus), process.cpuUsage()]
        for (const batch of batches) {
          const [failure] = await sink.send(batch, never)
          if (failure !== undefined) throw new Error(`${name}: ${failure.reason}`)
        }
        const { user, system } = process.cpuUsage(began)
        // The first round warms up.
        if (round === 0) continue
        own.push((user + system) / count)
        servers.push(((serverSeconds(bus) - server) * 1e6) / count)
      }
      costs.set(name, percentile(own, 50))
      context.figure(`${name}: Weir`, costs.get(name) ?? Number.NaN, 'µs of CPU per flow')
      if (bus.pid !== undefined) context.figure(`${name}: server`, percentile(servers, 50), 'µs of CPU per flow')
      context.expect(own.length > 0, `${name}: every flow was acknowledged`)
    }
  } finally {
    for (const sink of Object.values(bus.sinks)) await sink.close()
    await bus.close()
  }
}

function serverSeconds({ pid }: Bus) {
  return pid === undefined ? 0 : cpuSeconds(pid)
}

async function startNatsBus(dir: string): Promise<Bus> {
  const server = await startNats({ jetstream: true, dir })
  const build = (name: string, more: object) =>
    nats.build(
      configFrom(natsSchema, {
        url: server.url,
        stream: name,
        create_stream: true,
        subject: `${name}.{family}`,
        ...more,
      }),
      testContext(),
    )
  return {
    sinks: {
      [natsUnpacked]: await build('single', {}),
      [natsPacked]: await build('packed', { pack_flows: {} }),
      'NATS, packed as lines': await build('lines', { pack_flows: { format: 'lines' } }),
      'NATS, packed as protobuf': await build('protobuf', { pack_flows: { format: 'protobuf' } }),
    },
    pid: server.pid,
    close: () => server[Symbol.asyncDispose](),
  }
}

async function startKafkaBus(): Promise<Bus> {
  const server = await startKafka()
  const brokers = [`127.0.0.1:${server.ports.plain}`]
  const build = (topic: string, more: object) =>
    kafka.build(configFrom(kafkaSchema, { brokers, topic, create_topic: true, partitions: 4, ...more }), testContext())
  return {
    sinks: {
      [kafkaJson]: await build('json', {}),
      'Kafka, raw pbflow': await build('p', { codec: 'pbflow', mode: 'raw' }),
    },
    pid: server.pid,
    close: () => server[Symbol.asyncDispose](),
  }
}

async function startRabbitBus(): Promise<Bus> {
  const server = await startRabbit()
  const build = (queue: string, more: object) =>
    rabbitmq.build(
      configFrom(rabbitmqSchema, { url: server.url, exchange: queue, declare: { queue }, ...more }),
      testContext(),
    )
  return {
    sinks: { RabbitMQ: await build('single', {}), 'RabbitMQ, packed': await build('packed', { pack_flows: {} }) },
    close: () => server[Symbol.asyncDispose](),
  }
}
