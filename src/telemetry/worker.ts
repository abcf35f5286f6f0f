import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Host } from '../host/index.ts'
import { realThread } from '../host/thread.ts'
import { collectLog, forwardLog, lineWriter, ProgramLog, type Level, type LogWriter } from './log.ts'
import type { MetricTable } from './metric-table.ts'
import { MetricStore } from './metrics.ts'
import { collectWhenIdle, recordThreadMemory, type CollectionPlan } from './memory.ts'
import { collectSpans, SpanForwarder, type TraceQueue, type Traces } from './traces.ts'

const publishEveryMs = 1000
/** Each change of the memory is a message, which wakes the main thread. */
const memoryRounds = 10

type WorkerTelemetryData = Readonly<{
  thread: string
  level: Level
  port: MessagePort
  /** Sampled fraction of traces; undefined: no traces. */
  sample: number | undefined
  table: MetricTable
  collections?: CollectionPlan | undefined
}>

export function telemetryFor(
  thread: string,
  here: Readonly<{
    write: LogWriter
    metrics: MetricStore
    level: Level
    traces?: TraceQueue | undefined
    collections?: CollectionPlan
  }>,
): Readonly<{ data: WorkerTelemetryData; transfer: readonly [MessagePort] }> {
  const { port1, port2 } = new MessageChannel()
  collectLog(port1, here.write)
  here.metrics.collectFrom(port1)
  if (here.traces !== undefined) collectSpans(port1, here.traces)
  // A listening port would keep the process alive.
  port1.unref()
  return {
    data: {
      thread,
      level: here.level,
      port: port2,
      sample: here.traces?.sample,
      table: here.metrics.table,
      collections: here.collections,
    },
    transfer: [port2],
  }
}

type WorkerTelemetry = Readonly<{
  log: ProgramLog
  metrics: MetricStore
  traces: Traces | undefined
  flush(): void
}>

/** Without telemetry settings, lines are written and counts stay local. */
export function workerTelemetry(host: Pick<Host, 'clock' | 'timers' | 'memory'>, workerData: unknown): WorkerTelemetry {
  const data = given(workerData)
  const metrics = new MetricStore(data === undefined ? {} : { table: data.table })
  const write = data === undefined ? lineWriter((line) => process.stderr.write(line)) : forwardLog(data.port)
  const options = {
    clock: host.clock,
    timers: host.timers,
    write,
    metrics,
    ...(data === undefined ? {} : { level: data.level }),
  }
  const log = new ProgramLog(options, data === undefined ? {} : { thread: data.thread })
  const traces = data?.sample === undefined ? undefined : new SpanForwarder(data.port, data.sample, metrics)
  const thread = realThread()
  let round = 0
  const publish = () => {
    if (data !== undefined) {
      if (round++ % memoryRounds === 0) recordThreadMemory(metrics, data.thread, thread)
      metrics.publishTo(data.port)
    }
    traces?.flush()
  }
  host.timers.every(publishEveryMs, publish)
  collectWhenIdle(host, thread, data?.collections)
  return {
    log,
    metrics,
    traces,
    flush() {
      log.flush()
      round = 0
      publish()
    },
  }
}

function given(workerData: unknown): WorkerTelemetryData | undefined {
  if (typeof workerData !== 'object' || workerData === null || !('telemetry' in workerData)) return undefined
  return workerData.telemetry as WorkerTelemetryData
}
