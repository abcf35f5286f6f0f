import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { judgeDelivered, some } from '../../test/kit/delivered.ts'
import { EventClient } from '../../test/kit/event-client.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { installKafka } from '../../test/real/install/kafka.ts'
import { startKafkaCluster, type KafkaBroker } from '../../test/real/kit/kafka-cluster.ts'
import { KafkaObserver } from '../../test/real/kit/kafka-topic.ts'

const topic = 'load'

export default {
  name: 'kafka-brokers',
  issue: '6.1',
  title:
    'Three Kafka brokers are killed or frozen in turn. Every accepted event is stored once, in order per ' +
    'key, and read once by another Weir.',
  async run(context) {
    const program = await installKafka()
    if (program.path === undefined) return context.skip(program.reason)
    await using cluster = await startKafkaCluster(3)
    const brokers = cluster.brokers.map(({ port }) => `127.0.0.1:${port}`)
    const observer = new KafkaObserver(...cluster.brokers.map(({ port }) => port))
    const quiet = { netflow: { listen: 'off', tcp: 'off' } }
    const delivery = { retry_initial: '100ms', retry_max: '1s' }
    await using writer = await startWeir({
      folder: join(context.folder, 'writer'),
      config: {
        store: { enabled: 'none' },
        sources: quiet,
        sinks: {
          kafka: {
            type: 'kafka',
            brokers: brokers.slice(0, 2),
            topic,
            create_topic: true,
            partitions: 12,
            replication: 3,
            timeout: '3s',
            delivery,
          },
        },
      },
    })
    await using reader = await startWeir({
      folder: join(context.folder, 'reader'),
      config: {
        sources: {
          ...quiet,
          kafka: {
            type: 'kafka',
            brokers: brokers.slice(1),
            topics: [topic],
            refresh: '1s',
            session_timeout: '6s',
            timeout: '3s',
          },
        },
      },
    })
    const client = new EventClient({ url: writer.url, connections: 4, batch: 20, pause: 10, padding: 200 })
    client.start()
    await sleep(context.size(5000, 1000))
    for (const [index, broker] of cluster.brokers.entries())
      if (context.size([0, 1, 2], [0, 2]).includes(index)) await trouble(context, broker, index === 2, writer, observer)
    await client.stop()
    const began = performance.now()
    const ledger = await writer.caughtUp(120_000)
    context.figure('caught up after the last trouble within', (performance.now() - began) / 1000, 's')
    await judge(context, client.sent, observer, reader)
    context.expect(client.refusals.size === 0 && client.retries === 0, 'every request was accepted at the first try')
    context.expect(
      ledger.balanced && ledger.sinks.every(({ dropped }) => Object.keys(dropped).length === 0),
      'the ledger is balanced, and nothing was dropped',
    )
    for (const weir of [writer, reader]) context.expect((await weir.stop()).code === 0, 'it stops with exit code 0')
  },
} satisfies AcceptanceRun

async function trouble(
  context: AcceptanceContext,
  broker: KafkaBroker,
  frozen: boolean,
  writer: WeirProcess,
  observer: KafkaObserver,
) {
  const before = await delivered(writer)
  if (frozen) await broker.pause()
  else await broker.kill()
  await sleep(context.size(20_000, 6000))
  const meanwhile = (await delivered(writer)) - before
  context.figure(`broker ${broker.id} ${frozen ? 'frozen' : 'killed'}: delivered meanwhile`, meanwhile, 'events')
  context.expectSpeed(
    meanwhile > 0,
    `events continue to the others while broker ${broker.id} is ${frozen ? 'frozen' : 'dead'}`,
  )
  if (frozen) broker.resume()
  else await broker.start()
  // The next broker may stop only when all are in sync.
  for (let waited = 0; (await observer.inSync(topic)) < 3; waited += 100) {
    if (waited > 120_000) throw new Error(`broker ${broker.id} is not in sync after two minutes`)
    await sleep(100)
  }
}

async function delivered(weir: WeirProcess) {
  return (await weir.ledger()).sinks.find(({ name }) => name === 'kafka')?.delivered ?? 0
}

async function judge(context: AcceptanceContext, sent: number, observer: KafkaObserver, reader: WeirProcess) {
  const records = await observer.records(topic)
  const stored = judgeDelivered(
    records.map(({ headers, key }) => ({ id: headers['ce_id'] ?? '', key })),
    sent,
  )
  context.figure('events sent', sent)
  context.figure('messages in the topic', records.length)
  context.expect(
    stored.missing.length === 0 && stored.strange.length === 0,
    `every accepted event is in the topic (missing: ${some(stored.missing)})`,
  )
  context.expect(stored.repeated === 0, `each of them once (${stored.repeated} repeated)`)
  context.expect(stored.disordered.length === 0, `in the order of each key (not so: ${some(stored.disordered)})`)
  const count = async () =>
    Number((await reader.sql<{ rows: number }>('SELECT count(*) AS rows FROM events'))[0]?.rows ?? 0)
  for (let waited = 0; (await count()) < sent && waited < 60_000; waited += 250) await sleep(250)
  const read = await count()
  context.expect(read === sent, `another Weir, which read all the while, has each of them once (${read} of ${sent})`)
}
