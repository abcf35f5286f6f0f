// Weir and Telegraf one after the other: the same ticks, and the same troubles at the same ticks.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { install } from '../../test/real/install/apt.ts'
import { installOpensearch } from '../../test/real/install/opensearch.ts'
import { rabbitmq } from '../../test/real/install/rabbitmq.ts'
import { findTelegraf } from '../../test/real/install/telegraf.ts'
import { FailingFront, type Failing } from '../../test/real/kit/failing-front.ts'
import { startOpensearch, type RealOpensearch } from '../../test/real/kit/opensearch.ts'
import { RabbitObserver } from '../../test/real/kit/rabbitmq-observer.ts'
import { startRabbit } from '../../test/real/kit/rabbitmq.ts'
import { startTelegraf, startWeirFeed, type Place, type Program } from './rabbit-feed/programs.ts'
import { Ticks } from './rabbit-feed/ticks.ts'

/** Time without a further document after which an index is complete: longer than the longest wait between retries. */
const quietMs = 15_000
const page = 10_000

export default {
  name: 'rabbit-opensearch',
  issue: '28.3',
  title:
    'RabbitMQ to OpenSearch at 5,000 messages/s while Weir and OpenSearch are killed and requests are refused: none ' +
    'is lost, and none is stored twice. Telegraf has the same input.',
  async run(context) {
    const [broker, jars, telegraf] = [await install(rabbitmq), await installOpensearch(), findTelegraf()]
    if (broker.path === undefined) return context.skip(broker.reason)
    if (jars.path === undefined) return context.skip(jars.reason)
    if (telegraf.path === undefined) return context.skip(telegraf.reason)
    const { path } = telegraf
    await using rabbit = await startRabbit()
    await using search = await startOpensearch(jars.path, context.folder)
    const front = await FailingFront.start(search.port)
    const observer = new RabbitObserver(rabbit.url)
    try {
      // Telegraf is for comparison, which CI does not judge.
      const starts = {
        weir: startWeirFeed,
        ...context.size({ telegraf: (place: Place) => startTelegraf(path, place) }, {}),
      }
      for (const [queue, start] of Object.entries(starts)) {
        const ticks = await Ticks.open(observer, queue)
        await search.request('PUT', `/${queue}?wait_for_active_shards=1`, { settings: { number_of_replicas: 0 } })
        const output = { to: 'opensearch', url: `http://127.0.0.1:${front.port}` } as const
        const program = await start({ folder: context.folder, broker: rabbit.url, queue, output })
        try {
          await troubled(context, { program, ticks, front, search })
          const stored = await storedIn(search, queue, ticks.sent)
          const refusals = [...front.given].map(([name, count]) => `${count} × ${name}`).join(', ')
          context.figure(`${program.name}: refused requests`, refusals)
          await judge(context, program, ticks.sent, stored)
        } finally {
          await program.stop()
        }
      }
    } finally {
      await observer.close()
      await front.stop()
    }
  },
} satisfies AcceptanceRun

type Scene = Readonly<{ program: Program; ticks: Ticks; front: FailingFront; search: RealOpensearch }>

async function troubled(context: AcceptanceContext, { program, ticks, front, search }: Scene) {
  const rate = context.size(5000, 2000)
  front.faults.splice(0)
  front.given.clear()
  const refuse = () => {
    const one: Failing = { status: 503, headers: { 'retry-after': '1' } }
    const many = Array<Failing>(context.size(5, 2)).fill({ status: 429 })
    front.faults.push(...many, one, 'reset', ...many)
    return Promise.resolve()
  }
  const kill = () => program.kill()
  const troubles = [kill, refuse, () => search.restart('SIGKILL'), kill, refuse, () => search.restart('SIGKILL')]
  const chosen = context.size(troubles, troubles.slice(0, 2))
  const part = context.size(90_000, 5000)
  const began = performance.now()
  for (const trouble of chosen) {
    const sending = ticks.send(part, rate)
    await sleep(((part / rate) * 1000) / 3)
    await trouble()
    await sending
  }
  context.figure(`${program.name}: sent`, ticks.sent, 'messages')
  context.figure(`${program.name}: sent per second`, Math.round((ticks.sent * 1000) / (performance.now() - began)))
}

async function judge(context: AcceptanceContext, program: Program, sent: number, stored: readonly number[]) {
  const distinct = new Set(stored)
  const lost = sent - distinct.size
  const double = stored.length - distinct.size
  context.figure(`${program.name}: lost`, lost, 'messages')
  context.figure(`${program.name}: stored twice`, double, 'documents')
  if (program.weir === undefined) return
  const ledger = await program.weir.caughtUp(60_000)
  context.expect(lost === 0, `Weir loses none (${lost} of ${sent})`)
  context.expect(double === 0, `Weir stores none twice (${double})`)
  context.expect(
    ledger.balanced && ledger.sinks.every(({ dropped }) => Object.keys(dropped).length === 0),
    'the ledger is balanced, and nothing was dropped',
  )
}

/** Sequence numbers of all documents, when no more arrive. */
async function storedIn(search: RealOpensearch, index: string, sent: number): Promise<number[]> {
  for (let [last, since] = [-1, performance.now()]; performance.now() - since < quietMs; await sleep(500)) {
    const { count } = (await search.request('GET', `/${index}/_count`)) as { readonly count: number }
    if (count !== last) [last, since] = [count, performance.now()]
    // All are there, and some time remains for doubles.
    if (count >= sent && performance.now() - since > 2000) break
  }
  await search.request('POST', `/${index}/_refresh`)
  const found: number[] = []
  const query = { size: page, _source: false, sort: [{ 'tick.sequence': 'asc' }, { _id: 'asc' }] }
  for (let after: readonly unknown[] | undefined; ;) {
    const more = after === undefined ? {} : { search_after: after }
    const { hits } = (await search.request('POST', `/${index}/_search`, { ...query, ...more })) as {
      readonly hits: { readonly hits: readonly { readonly sort: readonly [number, string] }[] }
    }
    found.push(...hits.hits.map(({ sort: [sequence] }) => sequence))
    after = hits.hits.at(-1)?.sort
    if (after === undefined) return found
  }
}
