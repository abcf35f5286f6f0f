import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { judgeDelivered, some } from '../../test/kit/delivered.ts'
import { EventClient } from '../../test/kit/event-client.ts'
import { EventReceiver } from '../../test/kit/event-receiver.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { awayBuses, type AwayBus } from './bus-away/buses.ts'

const mostPending = 2000
const fewestEvents = 2000

export default {
  name: 'bus-away',
  issue: '6.1',
  title:
    'A message bus that is down for a minute affects nothing else. Every accepted event is then delivered ' +
    'and read, in order per key.',
  async run(context) {
    const found = await Promise.all(awayBuses.map(async (kind) => ({ kind, program: await kind.found() })))
    for (const { kind, program } of found)
      if (program.path === undefined) context.figure(kind.name, `not here: ${program.reason}`)
    const wanted = context.size(
      awayBuses,
      awayBuses.filter(({ name }) => name !== 'nats' && name !== 'kafka'),
    )
    const kinds = found
      .filter(({ kind, program }) => program.path !== undefined && wanted.includes(kind))
      .map(({ kind }) => kind)
    if (kinds.length < 2) context.skip('there is no server of a bus but the one in this process')
    const buses = await Promise.all(kinds.map((kind) => kind.start(context.folder)))
    try {
      await underLoad(context, buses)
    } finally {
      await Promise.all(buses.map((bus) => bus.close()))
    }
  },
} satisfies AcceptanceRun

async function underLoad(context: AcceptanceContext, buses: readonly AwayBus[]) {
  const quiet = { netflow: { listen: 'off', tcp: 'off' } }
  const delivery = { retry_initial: '100ms', retry_max: '1s' }
  const env = Object.assign({}, ...buses.map((bus) => bus.env ?? {})) as Record<string, string>
  await using hook = await EventReceiver.start()
  await using writer = await startWeir({
    folder: join(context.folder, 'writer'),
    env,
    config: {
      store: { enabled: 'none' },
      sources: quiet,
      sinks: {
        hook: { type: 'http', url: hook.url, mode: 'batched', delivery },
        ...Object.fromEntries(buses.map(({ name, sink }) => [name, { ...sink, delivery }])),
      },
    },
  })
  await using reader = await startWeir({
    folder: join(context.folder, 'reader'),
    env,
    // The id of an event is the position of its message, so that duplicates are visible.
    config: {
      sources: {
        ...quiet,
        ...Object.fromEntries(
          buses.map(({ name, source }) => [name, { ...source, codec: 'json', event_type: `read.${name}` }]),
        ),
      },
    },
  })
  const client = new EventClient({
    url: writer.url,
    connections: 2,
    batch: 10,
    pause: context.size(100, 80),
    padding: 200,
  })
  client.start()
  await sleep(context.size(3000, 1000))
  // At CI scale all at once, to save time.
  for (const some of context.size(
    buses.map((bus) => [bus]),
    [[...buses]],
  ))
    await takeAway(context, { writer, client }, buses, some)
  await client.stop()
  const began = performance.now()
  const ledger = await writer.caughtUp(180_000)
  context.figure('caught up after the last one returned within', (performance.now() - began) / 1000, 's')
  context.figure('events', client.sent)
  context.expect(client.refusals.size === 0 && client.retries === 0, 'every request is accepted at the first try')
  context.expect(
    ledger.balanced &&
      ledger.sinks.every(({ dropped, dead_lettered: dead }) => Object.keys(dropped).length === 0 && dead === 0),
    'the ledger is balanced, nothing was dropped and nothing is a dead letter',
  )
  const beside = judgeDelivered(hook.received, client.sent)
  context.expect(
    beside.missing.length === 0 && beside.disordered.length === 0,
    `the http sink beside them got every event, in order (missing: ${some(beside.missing)})`,
  )
  for (const bus of buses) await judge(context, bus, client.sent, reader)
  for (const weir of [writer, reader]) {
    const { code } = await weir.stop()
    context.expect(code === 0, `it stops with exit code 0 (${code})`)
    if (code !== 0) console.log(weir.log.split('\n').slice(-20).join('\n'))
  }
}

async function takeAway(
  context: AcceptanceContext,
  { writer, client }: Readonly<{ writer: WeirProcess; client: EventClient }>,
  buses: readonly AwayBus[],
  away: readonly AwayBus[],
) {
  const names = new Set(away.map(({ name }) => name))
  const began = performance.now()
  await Promise.all(away.map((bus) => bus.away()))
  const until = performance.now() + context.size(60_000, 4000)
  const [behind, others] = [new Map<string, number>(), { pending: 0 }]
  const look = async () => {
    for (const { name, pending } of (await writer.ledger()).sinks) {
      if (names.has(name)) behind.set(name, Math.max(behind.get(name) ?? 0, pending))
      else others.pending = Math.max(others.pending, pending)
    }
    await sleep(200)
  }
  while (performance.now() < until) await look()
  // RabbitMQ returns after 9 to 90 s. At CI scale the events of that time would take minutes to read.
  if (context.scale === 'ci') await client.stop()
  await Promise.all(away.map((bus) => bus.back()))
  if (context.scale === 'ci') client.start()
  const gone = (performance.now() - began) / 1000
  const back = performance.now()
  const level = async () =>
    (await writer.ledger()).sinks.every(({ name, pending }) => !names.has(name) || pending < mostPending / 4)
  while (!(await level())) {
    if (performance.now() - back > 120_000)
      throw new Error(
        `${[...names].join(', ')} returned and had not caught up after two minutes:\n${writer.log.slice(-3000)}`,
      )
    await look()
  }
  const caught = (performance.now() - back) / 1000
  while (client.sent < fewestEvents) await look()
  for (const { name, how } of away) {
    context.figure(`${name} (${how}): away`, gone, 's')
    context.figure(`${name}: behind at most`, behind.get(name) ?? 0, 'events')
    context.expect((behind.get(name) ?? 0) > 0, `${name} was away while events arrived`)
    if (away.length < buses.length) context.figure(`${name}: caught up after its return`, caught, 's')
  }
  if (away.length < buses.length)
    context.figure(`${[...names].join()} away: any other sink behind at most`, others.pending, 'events')
  context.expectSpeed(others.pending < mostPending, 'every other sink continues meanwhile')
}

async function judge(context: AcceptanceContext, { name, stored }: AwayBus, sent: number, reader: WeirProcess) {
  if (stored !== undefined) {
    const received = await stored()
    const { missing, strange, disordered, repeated } = judgeDelivered(received, sent)
    context.figure(`${name}: stored more than once`, repeated, 'events')
    context.expect(
      missing.length === 0 && strange.length === 0,
      `${name} has every accepted event (missing: ${some(missing)}, strange: ${some(strange)})`,
    )
    context.expect(disordered.length === 0, `${name} has those of each key in order (not so: ${some(disordered)})`)
  }
  for (let waited = 0; waited < 120_000; waited += 500) {
    const [found] = await reader.sql<{ rows: number }>(
      `SELECT count(DISTINCT (data->>'n')::BIGINT) AS rows FROM events WHERE type = 'read.${name}'`,
    )
    if (Number(found?.rows) >= sent) break
    await sleep(500)
  }
  const [read] = await reader.sql<{ rows: number; numbers: number; disordered: number }>(`
    WITH read AS (SELECT (data->>'n')::BIGINT AS n, data->>'connection' AS connection,
      list_transform(string_split(_pos, ':')[2:], x -> x::BIGINT) AS place FROM events WHERE type = 'read.${name}'),
    first AS (SELECT n, any_value(connection) || '.' || (n % 8) AS key, min(place) AS place, count(*) AS times
      FROM read GROUP BY n),
    beside AS (SELECT n, times, n < lag(n) OVER (PARTITION BY key ORDER BY place) AS back FROM first)
    SELECT sum(times) AS rows, count(*) AS numbers, count(*) FILTER (back) AS disordered FROM beside`)
  context.figure(`${name}: read more than once`, Number(read?.rows) - Number(read?.numbers), 'events')
  context.expect(
    Number(read?.numbers) === sent,
    `another Weir, which reads ${name} all the while, has every event (${read?.numbers} of ${sent})`,
  )
  context.expect(Number(read?.disordered) === 0, `and those of each key in order (not so: ${read?.disordered})`)
}
