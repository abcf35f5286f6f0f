import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventReceiver } from '../../../test/kit/event-receiver.ts'
import type { SeededRandom } from '../../../test/kit/random.ts'
import { prepareWeir, type WeirProcess } from '../../../test/kit/weir-process.ts'
import { Poster } from './poster.ts'

export type Receivers = Readonly<{ out: EventReceiver; other: EventReceiver; late: EventReceiver }>

type StartOptions = Readonly<{
  folder: string
  /** Prefix of the ids. */
  name: string
  on: Readonly<Record<string, unknown>>
  random: SeededRandom
  /** The file of the collector names no sinks. */
  separate: boolean
  /** A sink is added while events arrive. */
  adds: boolean
  /** The others start after the collector has acknowledged events. */
  alone: boolean
  receivers: Receivers
}>

type Started = Readonly<{
  order: string
  events: number
  /** Acknowledged before the deliverer was ready. */
  early: number
  repeated: number
  added: number
  faults: readonly string[]
}>

const limitMs = 120_000
const restEvents = 40

export async function startInOrder(options: StartOptions): Promise<Started> {
  const { folder, name, on, random, separate, adds, alone, receivers } = options
  for (const receiver of Object.values(receivers)) receiver.received.length = 0
  const sinks = sinksOf(receivers, ['out', 'other'])
  const prepare = (role: string): Promise<WeirProcess> =>
    prepareWeir({
      folder: join(folder, role),
      config: configOf(role, on, separate && role === 'collector' ? {} : sinks),
    })
  await using collector = await prepare('collector')
  await using deliverer = await prepare('deliverer')
  await using api = await prepare('api')
  const order = alone
    ? [collector, ...shuffled([deliverer, api], random)]
    : shuffled([collector, deliverer, api], random)
  const names = order.map((weir) => (weir === collector ? 'collector' : weir === deliverer ? 'deliverer' : 'api'))
  const poster = new Poster(collector.url, name)
  const posting = poster.run()
  let early = 0
  try {
    for (const [at, weir] of order.entries()) {
      if (at > 0 && !alone) await sleep(random.chance(0.5) ? 0 : random.integer(0, 4000))
      if (at === 1 && alone) await poster.reaches(restEvents)
      weir.launch()
    }
    await Promise.all([
      collector.ready(),
      api.ready(),
      deliverer.ready().then(() => (early = poster.acknowledged.length)),
    ])
    await poster.reaches(poster.acknowledged.length + restEvents)
    const faults: string[] = []
    const addition = adds ? await addSink(options, { collector, deliverer, poster }) : undefined
    await poster.reaches(poster.acknowledged.length + restEvents)
    poster.stop()
    await posting
    const ids = poster.acknowledged
    const targets = [
      { sink: 'out', receiver: receivers.out, wanted: ids },
      { sink: 'other', receiver: receivers.other, wanted: ids },
      ...(addition === undefined ? [] : [{ sink: 'late', receiver: receivers.late, wanted: ids.slice(addition.from) }]),
    ]
    for (const { sink, receiver, wanted } of targets) {
      const missing = await missingOf(wanted, () => receiver.received.map(({ id }) => id))
      if (missing.length > 0) faults.push(`${sink} lacks ${missing.length} of ${wanted.length} (${missing[0]})`)
    }
    const before = new Set(ids.slice(0, addition?.before ?? 0))
    const foreign = receivers.late.received.filter(({ id }) => before.has(id)).length
    if (foreign > 0) faults.push(`late received ${foreign} events from before its addition`)
    const stored = await missingOf(ids, async () =>
      (await api.sql<{ id: string }>('SELECT id FROM events')).map(({ id }) => id),
    )
    if (stored.length > 0) faults.push(`the store lacks ${stored.length} of ${ids.length}`)
    const repeated = targets.reduce(
      (sum, { receiver }) => sum + receiver.received.length - new Set(receiver.received.map(({ id }) => id)).size,
      0,
    )
    return {
      order: names.join(', '),
      events: ids.length,
      early,
      repeated,
      added: receivers.late.received.length,
      faults,
    }
  } finally {
    poster.stop()
    await posting
  }
}

function sinksOf(receivers: Receivers, ids: readonly (keyof Receivers)[]): Record<string, unknown> {
  return Object.fromEntries(
    ids.map((id) => [id, { type: 'http', url: receivers[id].url, mode: 'batched', when_behind: 'block' }]),
  )
}

function configOf(role: string, on: Readonly<Record<string, unknown>>, sinks: Readonly<Record<string, unknown>>) {
  const sources = { netflow: { listen: 'off', tcp: 'off' } }
  return { roles: [role], instance: role, journal: { on }, sources, sinks }
}

/** Reloads collector and deliverer in any order. `from`: events acknowledged after the first reload. */
async function addSink(
  { on, random, receivers }: StartOptions,
  { collector, deliverer, poster }: Readonly<{ collector: WeirProcess; deliverer: WeirProcess; poster: Poster }>,
): Promise<Readonly<{ before: number; from: number }>> {
  const sinks = sinksOf(receivers, ['out', 'other', 'late'])
  const before = poster.acknowledged.length
  let from: number | undefined
  for (const weir of shuffled([collector, deliverer], random)) {
    weir.configure(configOf(weir === collector ? 'collector' : 'deliverer', on, sinks))
    weir.signal('SIGHUP')
    for (const until = Date.now() + limitMs; !weir.lastLog.includes('the configuration was reloaded');) {
      if (Date.now() > until) throw new Error(`no reload:\n${weir.lastLog}`)
      await sleep(20)
    }
    from ??= await poster.next()
  }
  return { before, from: from ?? before }
}

async function missingOf(wanted: readonly string[], found: () => Promise<readonly string[]> | readonly string[]) {
  for (const until = Date.now() + limitMs; ; await sleep(100)) {
    const there = new Set(await found())
    const missing = wanted.filter((id) => !there.has(id))
    if (missing.length === 0 || Date.now() > until) return missing
  }
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
