// Weir's sinks and sources beside plain loops of the same client libraries, with the same server, messages, batches and
// acknowledgements. Reading loops decode the event of each message too.
import { messageSource } from '../../src/messaging/message-source.ts'
import type { SourceContext } from '../../src/engine/contracts.ts'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { TestJournal } from '../../test/conformance/test-journal.ts'
import { collectGarbage } from '../../test/kit/garbage.ts'
import { awsSqsSpeed } from './bus-speed/aws-sqs.ts'
import { batchSize, load, type Came, type Place, type SpeedBus, type SpeedBusKind } from './bus-speed/bus.ts'
import { gcppubsubSpeed } from './bus-speed/gcppubsub.ts'
import { kafkaSpeed } from './bus-speed/kafka.ts'
import { natsSpeed } from './bus-speed/nats.ts'
import { rabbitmqSpeed } from './bus-speed/rabbitmq.ts'

const kinds: readonly SpeedBusKind[] = [natsSpeed, kafkaSpeed, rabbitmqSpeed, gcppubsubSpeed, awsSqsSpeed]
const wantedRatio = 0.8
const never = new AbortController().signal

export default {
  name: 'bus-speed',
  issue: '6.3',
  title: 'Weir writes and reads each message bus at least 0.8 times as fast as a loop of its client library.',
  async run(context) {
    const chosen = process.env['WEIR_BUSES']?.split(',')
    const here = []
    for (const kind of context
      .size(kinds, [natsSpeed, awsSqsSpeed])
      .filter(({ name }) => chosen?.includes(name) ?? true)) {
      const program = await kind.found()
      if (program.path === undefined) context.figure(kind.name, `not here: ${program.reason}`)
      else here.push(kind)
    }
    if (here.length < 2 && chosen === undefined) context.skip('there is no server of a bus but the one that npm brings')
    for (const kind of here) {
      const bus = await kind.start(context.folder)
      try {
        const [rounds, count] = context.size([5, kind.messages], [1, 2000])
        await writing(context, kind.name, bus, rounds, count)
        await reading(context, kind.name, bus, rounds, count)
      } finally {
        await bus.close()
      }
    }
  },
} satisfies AcceptanceRun

async function writing(
  context: AcceptanceContext,
  name: string,
  { sink, produce }: SpeedBus,
  rounds: number,
  count: number,
) {
  await compare(context, `${name}: written`, rounds, async (round) => {
    const [weirLoad, own] = [load(`weir-${round}`, count), load(`own-${round}`, count)]
    collectGarbage()
    return {
      async weir() {
        const began = performance.now()
        for (const batch of weirLoad.batches) {
          const failures = await sink.send(batch, never)
          if (failures.length > 0) throw new Error(`${failures.length} were not sent: ${failures[0]?.reason}`)
        }
        return count / (performance.now() - began)
      },
      async own() {
        const began = performance.now()
        for (let from = 0; from < count; from += batchSize) await produce(own.messages.slice(from, from + batchSize))
        return count / (performance.now() - began)
      },
    }
  })
}

async function reading(context: AcceptanceContext, name: string, { fill }: SpeedBus, rounds: number, count: number) {
  const { messages } = load('read', count)
  await compare(context, `${name}: read`, rounds, async () => {
    const [one, other, third] = await fill(messages, 3)
    if (one === undefined || other === undefined || third === undefined) throw new Error('nothing was filled')
    return {
      weir: () => read(one, count),
      own: () => readOwn(other, count, takeOut),
      idle: () => readOwn(third, count, () => undefined),
    }
  })
}

/** The minimal work of a reader: attributes, and data as JSON. */
const takeOut: Came = (attributes, body) => {
  const data = JSON.parse(
    typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.length).toString(),
  ) as { readonly index: number }
  if (Object.keys(attributes()).length < 2 || data.index < 0) throw new Error('these are not the generated messages')
}

/** From the first message to the last acknowledgement. */
async function read({ source }: Place, count: number): Promise<number> {
  const journal = new TestJournal().context(1)
  let [appended, acknowledged, began, first] = [0, 0, 0, 0]
  const done = Promise.withResolvers<void>()
  const context: SourceContext = {
    ...journal,
    append: async (unit) => {
      appended += unit.count
      await journal.host.timers.yield()
      return { position: { sequence: appended, row: 0 }, epoch: 1, sourceSequence: appended }
    },
  }
  const { config, puller } = source(context)
  const stop = new AbortController()
  const running = messageSource(config, context, {
    address: puller.address,
    async pull(signal) {
      const pulled = await puller.pull(signal)
      if (began === 0) [began, first] = [performance.now(), pulled.length]
      return pulled
    },
    async ack(handles) {
      await puller.ack(handles)
      acknowledged += handles.length
      if (acknowledged >= count) done.resolve()
    },
    release: (handles) => puller.release(handles),
    keep: async (handles) => puller.keep?.(handles),
    keepMs: puller.keepMs ?? 10_000,
    close: () => puller.close(),
  }).run(stop.signal)
  await done.promise
  const rate = (count - first) / (performance.now() - began)
  stop.abort()
  await running
  if (appended !== count) throw new Error(`${appended} of ${count} were read`)
  return rate
}

async function readOwn({ consume }: Place, count: number, act: Came): Promise<number> {
  let [began, came] = [0, 0]
  await consume(count, (attributes, body) => {
    if (came++ === 0) began = performance.now()
    act(attributes, body)
  })
  return (count - 1) / (performance.now() - began)
}

interface Round {
  weir(): Promise<number>
  own(): Promise<number>
  /** A loop that discards messages: the speed of the bus and its client. */
  idle?(): Promise<number>
}

/** Messages per ms of each, alternating, after a warm-up round. */
async function compare(
  context: AcceptanceContext,
  what: string,
  rounds: number,
  round: (index: number) => Promise<Round>,
) {
  const weirRates: number[] = []
  const own: number[] = []
  const idle: number[] = []
  for (let index = 0; index <= rounds; index++) {
    const one = await round(index)
    const turns = [
      async () => {
        weirRates.push(await one.weir())
      },
      async () => {
        own.push(await one.own())
      },
    ]
    for (const turn of index % 2 === 0 ? turns : turns.toReversed()) await turn()
    if (one.idle !== undefined) idle.push(await one.idle())
  }
  const ratios = weirRates.map((rate, index) => rate / (own[index] ?? Number.NaN)).slice(1)
  context.figure(`${what} by Weir`, median(weirRates.slice(1)) * 1000, 'messages/s')
  context.figure(`${what} by the client alone`, median(own.slice(1)) * 1000, 'messages/s')
  if (idle.length > 0)
    context.figure(`${what} by the client alone, and thrown away`, median(idle.slice(1)) * 1000, 'messages/s')
  const ratio = median(ratios)
  context.figure(
    `${what}: ratio (${Math.min(...ratios).toFixed(2)} … ${Math.max(...ratios).toFixed(2)})`,
    Math.round(ratio * 100) / 100,
  )
  context.expect(
    weirRates.every((rate) => rate > 0),
    `${what}: every message was acknowledged`,
  )
  context.expectSpeed(ratio >= wantedRatio, `${what} at least ${wantedRatio} times as fast`)
}

function median(values: readonly number[]) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
