// An hour of a simulated clock with a dead http sink: engine and http connector in this process, with real sockets.
import { setTimeout as sleep } from 'node:timers/promises'
import { weirSchema } from '../../../src/app/config.ts'
import { sinkEntries } from '../../../src/app/config-entries.ts'
import { Follower } from '../../../src/engine/follower.ts'
import type { Log, Metrics } from '../../../src/engine/contracts.ts'
import { DeadLetterFile } from '../../../src/engine/delivery/dead-letter-file.ts'
import { SinkSet } from '../../../src/engine/delivery/sinks.ts'
import { encodeBatch, openJournal, type SegmentWriter } from '../../../src/journal/index.ts'
import { toEventBatch } from '../../../src/model/events.ts'
import { loadSink } from '../../../src/components/registry.ts'
import { parseYaml, validate } from '../../../src/schema/index.ts'
import { EventReceiver, type Received } from '../../../test/kit/event-receiver.ts'
import { fakeHost, type FakeHost } from '../../../test/kit/fake-host.ts'

const secondMs = 1000
const hourSeconds = 3600
const keys = 10

interface Hour {
  readonly events: number
  /** Attempts while the sink was dead. */
  readonly attempts: number
  /** Maximum lag of the healthy sink, in simulated ms. */
  readonly healthyLagMs: number
  readonly healthy: readonly Received[]
  readonly dead: readonly Received[]
  readonly dropped: number
  readonly errors: number
  /** Simulated seconds from the return of the dead sink until it had everything. */
  readonly caughtUpSeconds: number
}

export async function deadHour(seed: number): Promise<Hour> {
  const host = fakeHost(seed)
  const directory = '/data/journal'
  let errors = 0
  let attempts = 0
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => void errors++ }
  const metrics: Metrics = {
    count: (name, by) => void (attempts += name === 'weir_sink_retries_total' ? by : 0),
    set: () => {},
  }
  const journal = await openJournal({ host, directory, epoch: 1 })
  const follower = new Follower({ host, directory, tail: journal.tail, after: { sequence: 0, row: 0 }, accepted: [] })
  const sinks = new SinkSet({
    host,
    log,
    metrics,
    directory,
    deadLetters: (sink) => new DeadLetterFile(host, '/data/dead-letters', sink),
    tail: journal.tail,
    follower,
    load: loadSink,
    accepted: () => follower.accepted(),
  })
  await using healthy = await EventReceiver.start()
  await using dead = await EventReceiver.prepare()
  await applied(host, sinks, { healthy: healthy.url, dead: dead.url })

  let events = 0
  let healthyLagMs = 0
  for (let second = 0; second < hourSeconds; second++) {
    events += await pushed(host, journal, events)
    const since = host.clock.now()
    // Sockets need real time; simulated time stops meanwhile, unless the sink waits for it.
    for (let waited = 0; healthy.received.length < events; waited++) {
      await sleep(1)
      await host.settle()
      if (waited > 200) await host.advance(10)
    }
    healthyLagMs = Math.max(healthyLagMs, host.clock.now() - since)
    await host.advance(secondMs - (host.clock.now() - since))
  }
  const whileDead = attempts
  await dead.listen()
  let caughtUpSeconds = 0
  for (; dead.received.length < events && caughtUpSeconds < 300; caughtUpSeconds++) {
    await host.advance(secondMs)
    for (let waited = 0; waited < 20 && dead.received.length < events; waited++) await sleep(2)
  }
  const tally = sinks.get('dead')?.record.sources['bench']
  const dropped = Object.values(tally?.dropped ?? {}).reduce((sum, rows) => sum + rows, 0)
  const stopping = sinks.stop()
  await host.advance(10 * secondMs)
  await stopping
  await follower.close()
  await journal.close()
  return {
    events,
    attempts: whileDead,
    healthyLagMs,
    healthy: healthy.received,
    dead: dead.received,
    dropped,
    errors,
    caughtUpSeconds,
  }
}

async function applied(host: FakeHost, sinks: SinkSet, urls: Readonly<Record<string, string>>) {
  const yaml = `sinks:\n${Object.entries(urls)
    .map(([id, url]) => `  ${id}: {type: http, url: "${url}", mode: batched}\n`)
    .join('')}`
  const document = parseYaml(yaml, 'bench.yaml')
  const checked = validate(weirSchema, document)
  if (checked.problems !== undefined) throw new Error(JSON.stringify(checked.problems))
  const applying = sinks.apply(sinkEntries(checked.value, document))
  await host.settle()
  const { failed } = await applying
  if (failed !== undefined) throw new Error(failed.message)
}

async function pushed(host: FakeHost, journal: SegmentWriter, from: number): Promise<number> {
  const count = 5
  const events = Array.from({ length: count }, (_, i) => ({
    id: String(from + i),
    source: '/bench',
    type: 'numbered',
    key: `k${(from + i) % keys}`,
    extensions: { partitionkey: `k${(from + i) % keys}` },
    encoding: 'none' as const,
  }))
  await journal.append({
    source: 'bench',
    stream: 'bench',
    kind: 'events',
    count,
    raw: encodeBatch(toEventBatch(events)),
    received: host.clock.now(),
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  })
  return count
}
