import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { atOnce } from '../../test/kit/at-once.ts'
import { judgeDelivered, some } from '../../test/kit/delivered.ts'
import { EventClient } from '../../test/kit/event-client.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { WeirGroup } from '../../test/kit/weir-group.ts'
import { installKafka } from '../../test/real/install/kafka.ts'
import { install } from '../../test/real/install/apt.ts'
import { nats as natsServer } from '../../test/real/install/nats.ts'
import { startKafka } from '../../test/real/kit/kafka.ts'
import { startNats } from '../../test/real/kit/nats.ts'

const partitions = 8

export default {
  name: 'shared-journal',
  issue: '6.2',
  title:
    'One of five Weirs on one journal is killed every ten seconds. Every accepted event is delivered and ' +
    'stored, in order per key, and the ledger balances.',
  async run(context) {
    const program = await installKafka()
    if (program.path === undefined) return context.skip(program.reason)
    const nats = await install(natsServer)
    if (nats.path === undefined) return context.skip(nats.reason)
    const onKafka = async () => {
      await using kafka = await startKafka()
      await onBus(context, 'kafka', { type: 'kafka', brokers: [`127.0.0.1:${kafka.ports.plain}`], partitions })
    }
    const onNats = async () => {
      const dir = join(context.folder, 'nats-server')
      mkdirSync(dir)
      await using server = await startNats({ jetstream: true, dir })
      await onBus(context, 'jetstream', { type: 'nats', url: server.url, partitions })
    }
    // At full scale one after the other, because the rate is judged.
    await atOnce([onKafka, onNats], context.size(1, 2), (act) => act())
  },
} satisfies AcceptanceRun

async function onBus(context: AcceptanceContext, bus: string, on: Readonly<Record<string, unknown>>) {
  await using group = await WeirGroup.start({
    folder: join(context.folder, bus),
    journal: { on },
    collectors: 2,
    deliverers: 2,
  })
  await group.shared(partitions)
  const random = new SeededRandom(context.seed)
  const clients = group.collectors.map(
    (weir, at) =>
      new EventClient({
        url: weir.url,
        connections: 4,
        batch: context.size(500, 50),
        pause: context.size(100, 40),
        padding: 100,
        source: `/collector/${at}`,
      }),
  )
  for (const client of clients) client.start()
  const began = performance.now()
  const seconds = context.minutes === undefined ? context.size(600, 12) : context.minutes * 60
  const every = context.size(10_000, 5000)
  let kills = 0
  for (let next = every; next < seconds * 1000; next += every) {
    await sleep(Math.max(0, began + next - performance.now()))
    const victim = random.pick(group.all)
    await victim.kill()
    kills++
    await sleep(500)
    await victim.start()
  }
  await sleep(Math.max(0, began + seconds * 1000 - performance.now()))
  for (const client of clients) await client.stop()
  const took = (performance.now() - began) / 1000
  const sent = clients.reduce((sum, client) => sum + client.sent, 0)
  const ledger = await group.caughtUp(sent, context.size(120_000, 30_000))
  context.figure(`${bus}: events`, sent)
  context.figure(`${bus}: rate`, Math.round(sent / took), 'events/s')
  context.expectSpeed(sent / took >= 20_000, `${bus}: 20,000 events a second`)
  context.figure(`${bus}: kills`, kills)
  context.figure(`${bus}: caught up after`, Math.round((performance.now() - began) / 1000 - took), 's')
  context.expect(ledger.balanced, `${bus}: the books of the group balance`)
  for (const { name, pending, dropped, quarantined, dead_lettered } of ledger.sinks) {
    context.expect(
      pending === 0 && Object.keys(dropped).length === 0 && quarantined === 0 && dead_lettered === 0,
      `${bus}: nothing pends for ${name}, and nothing was lost there (pending ${pending}, quarantined ${quarantined})`,
    )
  }
  let repeated = 0
  for (const [at, client] of clients.entries()) {
    // The clients use the same numbers.
    const judged = judgeDelivered(
      group.receiver.received.filter(({ source }) => source === `/collector/${at}`),
      client.sent,
    )
    repeated += judged.repeated
    context.expect(
      judged.missing.length === 0 && judged.strange.length === 0,
      `${bus}: every event of collector ${at + 1} was delivered (missing: ${some(judged.missing)})`,
    )
    context.expect(
      judged.disordered.length === 0,
      `${bus}: in the order of each key (not so: ${some(judged.disordered)})`,
    )
    context.expect(
      client.refusals.size === 0,
      `${bus}: no request was refused (${[...client.refusals.keys()].slice(0, 2).join('; ')})`,
    )
  }
  context.figure(`${bus}: delivered again`, repeated, 'events')
  const [stored] = await group.api.sql<{ rows: number; ids: number }>(
    'SELECT count(*)::DOUBLE AS rows, count(DISTINCT (source, id))::DOUBLE AS ids FROM events',
  )
  context.figure(`${bus}: stored twice`, (stored?.rows ?? 0) - (stored?.ids ?? 0), 'events')
  context.expect(stored?.ids === sent, `${bus}: every event is stored (${stored?.ids} of ${sent})`)
}
