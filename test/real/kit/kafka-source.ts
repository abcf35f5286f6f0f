// Sources of Kafka in this process, on one broker for all tests of a file.
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest'
import type { AwaitedTestSink } from '../../conformance/awaited-sink.ts'
import type { TestJournal } from '../../conformance/test-journal.ts'
import { kafkaSourceSchema } from '../../../src/connectors/kafka/config.ts'
import { source as kafkaSource, type KafkaSource } from '../../../src/connectors/kafka/source.ts'
import { configFrom, type WrittenConfigOf } from '../../../src/schema/index.ts'
import type { Installed } from '../install/apt.ts'
import { installKafka } from '../install/kafka.ts'
import { KafkaClient } from './kafka-client.ts'
import { KafkaObserver } from './kafka-topic.ts'
import { startKafka, type KafkaServer } from './kafka.ts'

export interface KafkaStage {
  readonly server: KafkaServer
  readonly observer: KafkaObserver
  readonly client: KafkaClient
  readonly address: string
  /** Name of an unused topic. */
  topic(): string
}

/** Starts a broker before the tests. They are skipped if it, or one of `programs`, cannot be installed. */
export function useKafka(...programs: readonly (() => Promise<Installed>)[]): KafkaStage {
  let server: KafkaServer | undefined
  let observer: KafkaObserver | undefined
  let client: KafkaClient | undefined
  let missing: string | undefined
  let topics = 0
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the broker starts before the first test')
    return part
  }
  beforeAll(async () => {
    const installed = await Promise.all([installKafka, ...programs].map((install) => install()))
    missing = installed.flatMap((one) => (one.path === undefined ? [one.reason] : []))[0]
    if (missing !== undefined) return
    server = await startKafka()
    observer = new KafkaObserver(server.ports.plain)
    client = new KafkaClient(`127.0.0.1:${server.ports.plain}`)
  })
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing)
  })
  afterAll(async () => server?.[Symbol.asyncDispose]())
  return {
    get server() {
      return started(server)
    },
    get observer() {
      return started(observer)
    },
    get client() {
      return started(client)
    },
    get address() {
      return `127.0.0.1:${started(server).ports.plain}`
    },
    topic: () => `topic${++topics}`,
  }
}

export type WrittenKafkaSource = WrittenConfigOf<typeof kafkaSourceSchema>

export interface RunningKafkaSource {
  readonly source: KafkaSource
  stop(): Promise<void>
}

export interface AroundKafkaSource {
  readonly journal: TestJournal
  readonly sink?: AwaitedTestSink | undefined
  readonly warnings?: string[]
  readonly notes?: string[]
  /** The journal stores units but never reports it, so nothing is committed: as with a process killed in between. */
  readonly silent?: boolean
}

/** Reads a topic as group `g-TOPIC` until the end of the test. */
export async function runKafkaSource(
  brokers: string,
  topic: string,
  { journal, sink, warnings, notes, silent = false }: AroundKafkaSource,
  more: Partial<WrittenKafkaSource> = {},
): Promise<RunningKafkaSource> {
  const config = configFrom(kafkaSourceSchema, {
    brokers: [brokers],
    topics: [topic],
    group: `g-${topic}`,
    refresh: '300ms',
    timeout: '5s',
    session_timeout: '6s',
    ...more,
  })
  const context = journal.context(1)
  const abort = new AbortController()
  const append: typeof context.append = async (unit) => {
    const appended = await context.append(unit)
    if (silent) await new Promise((_, fail) => abort.signal.addEventListener('abort', () => fail(new Error('killed'))))
    return appended
  }
  const source = (await kafkaSource.build(config, {
    ...context,
    append,
    log: { ...context.log, warn: (text) => void warnings?.push(text), info: (text) => void notes?.push(text) },
    ...(sink === undefined ? {} : { awaited: () => sink }),
  })) as KafkaSource
  const done = source.run(abort.signal)
  const stop = async (): Promise<void> => {
    abort.abort()
    await done
  }
  onTestFinished(stop)
  return { source, stop }
}
