import type { Worker } from 'node:worker_threads'
import { serve } from '../engine/rpc.ts'
import type { Runtime } from '../engine/runtime.ts'
import type { StorePort } from '../engine/runtime-parts.ts'
import type { SinkSet } from '../engine/delivery/sinks.ts'
import { sinkMethods } from '../engine/sources/awaited.ts'

export type IngestCalls = {
  store?: StorePort | undefined
  sinks?: SinkSet
  runtime?: Runtime
}

/** What the ingest worker calls. From its start on: a call without an answer would wait forever. */
export function serveIngest(worker: Worker, parts: IngestCalls): void {
  const sinks = {
    get: (id: string) => parts.sinks?.get(id),
    outcome: async (id: string, sequence: number, signal?: AbortSignal) => parts.sinks?.outcome(id, sequence, signal),
  }
  serve(
    worker,
    sinkMethods(sinks, {
      makeRoom: async (sequence) => (await parts.runtime?.makeRoom(sequence)) ?? 0,
      relieve: async () => (await (parts.runtime ?? parts.store)?.giveWay()) ?? false,
      refusing: (why) => parts.runtime?.refusing(why),
    }),
  )
}
