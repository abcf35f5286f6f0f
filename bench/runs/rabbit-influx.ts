// Weir and Telegraf one after the other: the same ticks to the same InfluxDB, each to its own database.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { install } from '../../test/real/install/apt.ts'
import { installInfluxdb } from '../../test/real/install/influxdb.ts'
import { rabbitmq } from '../../test/real/install/rabbitmq.ts'
import { findTelegraf } from '../../test/real/install/telegraf.ts'
import { startInfluxdb, type RealInfluxdb } from '../../test/real/kit/influxdb.ts'
import { RabbitObserver } from '../../test/real/kit/rabbitmq-observer.ts'
import { startRabbit } from '../../test/real/kit/rabbitmq.ts'
import { startTelegraf, startWeirFeed, type Place, type Program } from './rabbit-feed/programs.ts'
import { Ticks } from './rabbit-feed/ticks.ts'

const patienceMs = 60_000

export default {
  name: 'rabbit-influx',
  issue: '28.3',
  title: 'RabbitMQ to InfluxDB 1.6 at 5,000 messages/s: Weir needs at most half of the CPU of Telegraf.',
  async run(context) {
    const [broker, database, telegraf] = [await install(rabbitmq), await installInfluxdb(), findTelegraf()]
    if (broker.path === undefined) return context.skip(broker.reason)
    if (database.path === undefined) return context.skip(database.reason)
    if (telegraf.path === undefined) return context.skip(telegraf.reason)
    const { path } = telegraf
    await using rabbit = await startRabbit()
    await using influx = await startInfluxdb(database.path, context.folder)
    const observer = new RabbitObserver(rabbit.url)
    const costs: number[] = []
    try {
      const starts = {
        telegraf: (place: Place) => startTelegraf(path, place),
        weir: startWeirFeed,
      }
      for (const [queue, start] of Object.entries(starts)) {
        await influx.query(`CREATE DATABASE ${queue}`)
        const ticks = await Ticks.open(observer, queue)
        const output = { to: 'influxdb', url: influx.url } as const
        const program = await start({ folder: context.folder, broker: rabbit.url, queue, output })
        try {
          costs.push(await cost(context, program, ticks, (count) => stored(influx, queue, count)))
        } finally {
          await program.stop()
        }
      }
    } finally {
      await observer.close()
    }
    const [ofTelegraf = 0, ofWeir = 0] = costs
    context.figure('CPU of Weir to that of Telegraf', Math.round((1000 * ofWeir) / ofTelegraf) / 1000)
    context.expectSpeed(ofWeir <= ofTelegraf / 2, 'Weir needs at most half of the CPU of Telegraf')
  },
} satisfies AcceptanceRun

/** CPU seconds for a million messages. */
async function cost(
  context: AcceptanceContext,
  program: Program,
  ticks: Ticks,
  arrived: (count: number) => Promise<number>,
): Promise<number> {
  const rate = 5000
  await ticks.send(context.size(50_000, 1000), rate)
  await arrived(ticks.sent)
  const [before, first, began] = [program.cpuSeconds(), ticks.sent, performance.now()]
  await ticks.send(context.size(300_000, 10_000), rate)
  const found = await arrived(ticks.sent)
  const seconds = ((program.cpuSeconds() - before) * 1e6) / (ticks.sent - first)
  context.figure(`${program.name}: CPU for a million messages`, Math.round(seconds * 10) / 10, 's')
  context.figure(
    `${program.name}: messages per second`,
    Math.round(((ticks.sent - first) * 1000) / (performance.now() - began)),
  )
  context.expect(found === ticks.sent, `${program.name} stores every message (${found} of ${ticks.sent})`)
  return seconds
}

/** Resolves with the number of points when it is reached, or after a minute without another one. */
async function stored(influx: RealInfluxdb, database: string, count: number): Promise<number> {
  for (let [last, since] = [0, performance.now()]; ; await sleep(250)) {
    const [row] = await influx.query('SELECT count(price) FROM tick', database)
    const found = Number(row?.['count'] ?? 0)
    if (found !== last) [last, since] = [found, performance.now()]
    if (found >= count || performance.now() - since > patienceMs) return found
  }
}
