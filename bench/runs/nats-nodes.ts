import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { judgeDelivered, some } from '../../test/kit/delivered.ts'
import { EventClient } from '../../test/kit/event-client.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { nats } from '../../test/real/install/nats.ts'
import { startNatsCluster, type NatsCluster, type NatsNode } from '../../test/real/kit/nats-cluster.ts'

const stream = 'LOAD'

export default {
  name: 'nats-nodes',
  issue: '6.1',
  title:
    'Of three NATS servers one is killed and one is frozen. Every accepted event is stored once, in order ' +
    'per key, and read once by another Weir.',
  async run(context) {
    const program = await install(nats)
    if (program.path === undefined) return context.skip(program.reason)
    const folder = join(context.folder, 'nats')
    mkdirSync(folder)
    await using cluster = await startNatsCluster(3, folder)
    await cluster.makeStream(stream, ['load.>'])
    const [first, ...more] = cluster.nodes.map(({ url }) => url)
    const [quiet, delivery] = [{ netflow: { listen: 'off', tcp: 'off' } }, { retry_initial: '100ms', retry_max: '1s' }]
    await using writer = await startWeir({
      folder: join(context.folder, 'writer'),
      config: {
        store: { enabled: 'none' },
        sources: quiet,
        sinks: {
          bus: {
            type: 'nats',
            url: first,
            fallback_urls: more,
            stream,
            subject: 'load.{key}',
            timeout: '2s',
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
          bus: { type: 'nats', url: more[0], fallback_urls: [more[1], first], stream, ack_wait: '5s', timeout: '2s' },
        },
      },
    })
    const client = new EventClient({
      url: writer.url,
      connections: 4,
      batch: 20,
      pause: context.size(20, 100),
      padding: 200,
    })
    client.start()
    await sleep(context.size(5000, 1000))
    const leader = (await cluster.stream(stream)).cluster?.leader
    await trouble(
      context,
      cluster,
      cluster.nodes.find(({ name }) => name === leader),
      'killed',
      writer,
    )
    await trouble(
      context,
      cluster,
      cluster.nodes.find(({ port }) => String(port) === talksTo(writer)),
      'frozen',
      writer,
    )
    await client.stop()
    const began = performance.now()
    const ledger = await writer.caughtUp(120_000)
    context.figure('caught up after the last trouble within', (performance.now() - began) / 1000, 's')
    await judge(context, client.sent, cluster, reader)
    context.expect(client.refusals.size === 0 && client.retries === 0, 'every request was accepted at the first try')
    context.expect(
      ledger.balanced && ledger.sinks.every(({ dropped }) => Object.keys(dropped).length === 0),
      'the ledger is balanced, and nothing was dropped',
    )
    for (const weir of [writer, reader]) context.expect((await weir.stop()).code === 0, 'it stops with exit code 0')
  },
} satisfies AcceptanceRun

/** Port of the server to which it connected last. */
function talksTo(weir: WeirProcess) {
  return [...weir.log.matchAll(/Connected to NATS[^\n]*?127\.0\.0\.1:(\d+)/g)].at(-1)?.[1]
}

async function trouble(
  context: AcceptanceContext,
  cluster: NatsCluster,
  node: NatsNode | undefined,
  how: 'killed' | 'frozen',
  writer: WeirProcess,
) {
  if (node === undefined) throw new Error('it is not known which node')
  const delivered = async () => (await writer.ledger()).sinks.find(({ name }) => name === 'bus')?.delivered ?? 0
  const before = await delivered()
  await (how === 'killed' ? node.kill() : node.pause())
  await sleep(context.size(30_000, 4000))
  const meanwhile = (await delivered()) - before
  context.figure(`node ${node.name} ${how}: delivered meanwhile`, meanwhile, 'events')
  context.expectSpeed(meanwhile > 0, `events continue to the others while node ${node.name} is ${how}`)
  if (how === 'killed') await node.restart()
  else node.resume()
  // The next server may stop only when all are in sync.
  await cluster.inSync(stream)
}

async function judge(context: AcceptanceContext, sent: number, cluster: NatsCluster, reader: WeirProcess) {
  const stored = judgeDelivered(await cluster.received(stream), sent)
  context.figure('events sent', sent)
  context.expect(
    stored.missing.length === 0 && stored.strange.length === 0,
    `every accepted event is in the stream (missing: ${some(stored.missing)})`,
  )
  context.expect(stored.repeated === 0, `each of them once (${stored.repeated} repeated)`)
  context.expect(stored.disordered.length === 0, `in the order of each key (not so: ${some(stored.disordered)})`)
  const count = async () =>
    Number((await reader.sql<{ rows: number }>('SELECT count(*) AS rows FROM events'))[0]?.rows ?? 0)
  for (let waited = 0; (await count()) < sent && waited < 120_000; waited += 250) await sleep(250)
  const read = await count()
  context.expect(read === sent, `another Weir, which read all the while, has each of them once (${read} of ${sent})`)
}
