import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { EventReceiver } from '../../test/kit/event-receiver.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { install } from '../../test/real/install/apt.ts'
import { installKafka } from '../../test/real/install/kafka.ts'
import { nats as natsServer } from '../../test/real/install/nats.ts'
import { startKafka } from '../../test/real/kit/kafka.ts'
import { startNats } from '../../test/real/kit/nats.ts'
import { startInOrder, type Receivers } from './start-orders/start.ts'

const partitions = 3

export default {
  name: 'start-orders',
  issue: '56.2',
  title:
    'A collector, a deliverer and an API start in any order, and events are posted from the first 200 on. Every sink ' +
    'and the store receive every acknowledged event once, and a sink that is added later those after its addition.',
  async run(context) {
    const program = await installKafka()
    if (program.path === undefined) return context.skip(program.reason)
    const nats = await install(natsServer)
    if (nats.path === undefined) return context.skip(nats.reason)
    const onNats = async () => {
      const dir = join(context.folder, 'nats-server')
      mkdirSync(dir)
      await using server = await startNats({ jetstream: true, dir })
      await onBus(context, 'jetstream', (stream) => ({ type: 'nats', url: server.url, stream, partitions }))
    }
    const onKafka = async () => {
      await using kafka = await startKafka()
      const brokers = [`127.0.0.1:${kafka.ports.plain}`]
      await onBus(context, 'kafka', (topic) => ({ type: 'kafka', brokers, topic, partitions }))
    }
    await Promise.all([onNats(), onKafka()])
  },
} satisfies AcceptanceRun

async function onBus(context: AcceptanceContext, bus: string, on: (name: string) => Readonly<Record<string, unknown>>) {
  await using out = await EventReceiver.start()
  await using other = await EventReceiver.start()
  await using late = await EventReceiver.start()
  const receivers: Receivers = { out, other, late }
  const random = new SeededRandom(context.seed)
  const starts = context.size(100, 3)
  const sums = { events: 0, early: 0, repeated: 0, added: 0, separate: 0 }
  const faults: string[] = []
  for (let number = 0; number < starts; number++) {
    const done = await startInOrder({
      folder: join(context.folder, `${bus}-${number}`),
      name: `start-${number}`,
      on: on(`orders-${number}`),
      random: random.fork(),
      // Each kind of start, also at small scale.
      separate: number % 3 === 1,
      adds: number % 3 === 2,
      alone: number % 4 === 0,
      receivers,
    })
    sums.events += done.events
    sums.early += done.early
    sums.repeated += done.repeated
    sums.added += done.added
    sums.separate += number % 3 === 1 ? 1 : 0
    faults.push(...done.faults.map((fault) => `start ${number} (${done.order}): ${fault}`))
    if ((number + 1) % 10 === 0 || done.faults.length > 0)
      context.figure(`${bus}: faults after ${number + 1} starts`, faults.length)
  }
  context.figure(`${bus}: starts`, starts)
  context.figure(`${bus}: starts with sinks in the file of the deliverer only`, sums.separate)
  context.figure(`${bus}: acknowledged events`, sums.events)
  context.figure(`${bus}: acknowledged before the deliverer was ready`, sums.early)
  context.figure(`${bus}: rows of sinks that were added later`, sums.added)
  context.figure(`${bus}: delivered again`, sums.repeated, 'events')
  context.expect(sums.early > 0, `${bus}: events were acknowledged before the deliverer was ready`)
  context.expect(faults.length === 0, `${bus}: no start lost an event (${faults.slice(0, 3).join('; ') || 'none did'})`)
  context.expect(sums.repeated === 0, `${bus}: every sink received each event once`)
}
