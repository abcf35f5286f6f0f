// Weir and flowlogs-pipeline one after the other: the same messages of agents, the same API server of pods, the same
// Kafka. The topic is read from outside, and flows are identified by unique byte counts.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { mostMemoryOf } from '../../test/kit/proc.ts'
import { agentClient } from '../../src/connectors/netobserv/testing/agent.ts'
import { findFlowlogsPipeline } from '../../test/real/install/flowlogs-pipeline.ts'
import { installKafka } from '../../test/real/install/kafka.ts'
import { startKafka, type KafkaServer } from '../../test/real/kit/kafka.ts'
import { KafkaObserver } from '../../test/real/kit/kafka-topic.ts'
import { startKubeFor } from '../../test/real/kit/kube.ts'
import { createCluster } from './flowlogs-pipeline/cluster.ts'
import { agentMessages, perMessage, type Cluster } from './flowlogs-pipeline/messages.ts'
import { startOriginal, startWeirProgram, type Place, type Program } from './flowlogs-pipeline/programs.ts'

const inFlight = 4
/** Time without a further record after which a topic is complete: longer than the longest wait between retries. */
const quietMs = 35_000
/** The same, if nothing is retried. */
const shortQuietMs = 5000

export default {
  name: 'flowlogs-pipeline',
  issue: '26.3',
  title:
    'Beside flowlogs-pipeline with the same messages, pods and output: at most an eighth of its CPU for a million ' +
    'flows, and no flow is lost when it is killed or when Kafka stops.',
  async run(context) {
    const original = findFlowlogsPipeline()
    const kafka = await installKafka()
    if (original.path === undefined) return context.skip(original.reason)
    if (kafka.path === undefined) return context.skip(kafka.reason)
    const { kube, kubeconfig } = await startKubeFor(context)
    try {
      const cluster = await createCluster(kube, { nodes: 3, pods: context.size(500, 60) })
      await using broker = await startKafka()
      const place = (topic: string): Place => ({
        folder: context.folder,
        kubeconfig,
        broker: `127.0.0.1:${broker.ports.plain}`,
        topic,
      })
      const starts = {
        original: (topic: string) => startOriginal(original.path, place(topic)),
        weir: (topic: string) => startWeirProgram(place(topic)),
      }
      const [costOfOriginal, costOfWeir] = await compareSpeed(context, broker, cluster, starts)
      context.figure(
        'CPU of Weir to that of flowlogs-pipeline',
        Math.round((1000 * costOfWeir) / costOfOriginal) / 1000,
      )
      context.expectSpeed(costOfWeir <= costOfOriginal / 8, 'Weir needs at most an eighth of the CPU')
      for (const [name, start] of Object.entries(starts)) {
        const lost = await disturbed(context, broker, cluster, start, {
          topic: `${name}-killed`,
          what: 'killed in the middle',
          disturb: async (program) => {
            await program.kill()
            await program.restart()
          },
        })
        const stopped = await disturbed(context, broker, cluster, start, {
          topic: `${name}-stopped`,
          what: 'Kafka killed and started again',
          disturb: async () => {
            await broker.kill()
            await sleep(context.size(20_000, 3000))
            await broker.restart()
          },
        })
        if (name === 'original') continue
        context.expect(lost.lost === 0, 'Weir loses no accepted flow when it is killed')
        context.expect(stopped.lost === 0, 'Weir loses no accepted flow while Kafka is stopped')
      }
    } finally {
      await kube.stop()
    }
  },
} satisfies AcceptanceRun

type Start = (topic: string) => Promise<Program>

/** CPU seconds for a million flows, of flowlogs-pipeline and of Weir. */
async function compareSpeed(
  context: AcceptanceContext,
  broker: KafkaServer,
  cluster: Cluster,
  starts: { readonly original: Start; readonly weir: Start },
): Promise<[number, number]> {
  const count = context.size(400_000, 20_000)
  const warm = context.size(50_000, 5000)
  const results: number[] = []
  const samples: Map<number, Record<string, unknown>>[] = []
  for (const [name, start] of Object.entries(starts)) {
    const topic = `${name}-speed`
    const observer = new KafkaObserver(broker.ports.plain)
    await observer.create(topic)
    const random = new SeededRandom(context.seed)
    const program = await start(topic)
    try {
      await send(program, agentMessages(cluster, random, { from: 1, count: warm }))
      await arrived(observer, topic, warm)
      const messages = agentMessages(cluster, random, { from: 1 + warm, count })
      const [before, began] = [program.cpuSeconds(), performance.now()]
      const memory = mostMemoryOf(program)
      await send(program, messages)
      await arrived(observer, topic, warm + count)
      const seconds = program.cpuSeconds() - before
      results.push((seconds * 1e6) / count)
      context.figure(`${program.name}: CPU for a million flows`, Math.round((seconds * 1e7) / count) / 10, 's')
      context.figure(`${program.name}: flows per second`, Math.round((count * 1000) / (performance.now() - began)))
      context.figure(`${program.name}: peak memory`, Math.round(memory().peak / 1e6), 'MB')
    } finally {
      await program.stop()
    }
    const rows = await rowsOf(observer, topic)
    samples.push(rows)
    context.expect(rows.size === warm + count, `${program.name} exported every flow (${rows.size} of ${warm + count})`)
  }
  compareRecords(context, samples)
  return results as [number, number]
}

/** Fields with a reason to differ: the time of receipt, and what only one of them adds. */
function compareRecords(context: AcceptanceContext, [original, weir]: readonly Map<number, Record<string, unknown>>[]) {
  const different = new Map<string, number>()
  const [onlyOriginal, onlyWeir] = [new Set<string>(), new Set<string>()]
  for (const [id, record] of original ?? []) {
    const other = weir?.get(id) ?? {}
    for (const key of new Set([...Object.keys(record), ...Object.keys(other)])) {
      if (key === 'TimeReceived' || isDeepStrictEqual(record[key], other[key]) || isEmpty(record[key])) continue
      if (!(key in other)) onlyOriginal.add(key)
      else if (!(key in record)) onlyWeir.add(key)
      else different.set(key, (different.get(key) ?? 0) + 1)
    }
  }
  const differences = [...different].map(([key, rows]) => `${key}: ${rows}`)
  const list = (keys: Iterable<string>) => [...keys].sort().join(', ') || 'none'
  context.figure('fields only of flowlogs-pipeline', list(onlyOriginal))
  context.figure('fields only of Weir', list(onlyWeir))
  context.expect(
    different.size === 0 && onlyOriginal.size === 0,
    `the records have the same values (${differences.join(', ') || 'all equal'})`,
  )
}

/** The original writes lists of empty texts. */
function isEmpty(value: unknown) {
  return Array.isArray(value) && value.every((item) => item === '')
}

interface Disturbance {
  readonly topic: string
  readonly what: string
  disturb(program: Program): Promise<void>
}

/** Disturbs the program or Kafka after a third of the messages. */
async function disturbed(
  context: AcceptanceContext,
  broker: KafkaServer,
  cluster: Cluster,
  start: Start,
  { topic, what, disturb }: Disturbance,
): Promise<{ readonly lost: number }> {
  const observer = new KafkaObserver(broker.ports.plain)
  await observer.create(topic)
  const program = await start(topic)
  try {
    const count = context.size(100_000, 20_000)
    const messages = agentMessages(cluster, new SeededRandom(context.seed), { from: 1, count })
    const accepted = new Set<number>()
    const sending = send(program, messages, accepted)
    while (accepted.size < messages.length / 3) await sleep(5)
    await disturb(program)
    await sending
    await quiet(observer, topic, count)
    const rows = await rowsOf(observer, topic)
    let lost = 0
    for (const number of accepted)
      for (let row = 1 + number * perMessage; row <= Math.min(count, (number + 1) * perMessage); row++)
        if (!rows.has(row)) lost++
    context.figure(`${program.name}, ${what}: lost of the accepted flows`, `${lost} of ${accepted.size * perMessage}`)
    return { lost }
  } finally {
    await program.stop()
  }
}

/** Sends each message until it is accepted; `accepted` receives their numbers. */
async function send(program: Program, messages: readonly Buffer[], accepted = new Set<number>()) {
  let next = 0
  const work = async () => {
    let client = agentClient(program.address)
    for (let number = next++; number < messages.length; number = next++) {
      while ((await client.send(messages[number] as Buffer)).code !== 0) {
        client.close()
        await sleep(50)
        client = agentClient(program.address)
      }
      accepted.add(number)
    }
    client.close()
  }
  await Promise.all(Array.from({ length: inFlight }, work))
}

async function arrived(observer: KafkaObserver, topic: string, count: number) {
  let [last, since] = [0, performance.now()]
  for (;;) {
    const stored = await observer.end(topic)
    if (stored >= count) return
    if (stored !== last) [last, since] = [stored, performance.now()]
    if (performance.now() - since > 60_000) throw new Error(`${topic} has ${stored} of ${count} flows after a minute`)
    await sleep(50)
  }
}

async function quiet(observer: KafkaObserver, topic: string, count: number) {
  const limit = (stored: number): number => (stored >= count ? shortQuietMs : quietMs)
  for (let [last, since] = [-1, performance.now()]; performance.now() - since < limit(last); await sleep(200)) {
    const stored = await observer.end(topic)
    if (stored !== last) [last, since] = [stored, performance.now()]
  }
}

/** By the unique byte count. */
async function rowsOf(observer: KafkaObserver, topic: string): Promise<Map<number, Record<string, unknown>>> {
  const rows = new Map<number, Record<string, unknown>>()
  for (const { value } of await observer.records(topic)) {
    const record = JSON.parse(value.toString()) as Record<string, unknown>
    rows.set(Number(record['Bytes']), record)
  }
  return rows
}
