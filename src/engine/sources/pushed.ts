import type { Host } from '../../host/index.ts'
import { encodeBatch, timeRange } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import type { EventBatch } from '../../model/batches.ts'
import { WeirError } from '../../model/errors.ts'
import type { SinkOutcome, Ingested } from '../control.ts'
import type { Place } from '../cluster/names.ts'
import { idHashes } from '../dedupe/id-hashes.ts'
import type { SinkSet } from '../delivery/sinks.ts'
import type { PushGroups } from './push-groups.ts'

export const httpSource = 'http'

export type Pushed = Readonly<{
  sequence: number
  accepted: number
  duplicates: number
  repeats?: readonly number[]
  /** Rows that are duplicates, ascending. */
  seen?: Uint32Array
  places?: readonly Place[]
}>

/** `pending` after an abort; undefined: the sink was removed. */
export type Settling = (pushed: Pushed, signal: AbortSignal) => Promise<SinkOutcome | undefined>

export type PushParts = Readonly<{
  host: Host
  ingest: {
    append(unit: Unit): Promise<Pushed>
    appendAgain(unit: Unit, settled: number): Promise<Pushed>
  }
  sinks: Pick<SinkSet, 'outcome' | 'repeatable'>
  shared?: { settling(sink: string): Settling | undefined } | undefined
  /** `ack`: the sink that must settle rows before the response. */
  http: () => Readonly<{ ack: string | undefined; ackTimeoutMs: number }>
}>

/** The journal takes over its buffer. */
export function pushedUnit(batch: EventBatch, host: Host): Unit {
  return {
    source: httpSource,
    stream: httpSource,
    kind: 'events',
    count: batch.count,
    raw: encodeBatch(batch),
    hashes: idHashes(batch),
    received: host.clock.now(),
    ...timeRange(batch.time),
  }
}

export async function takePushed(
  { host, ingest, sinks, shared, http }: PushParts,
  groups: PushGroups,
  batch: EventBatch,
): Promise<Ingested> {
  const { ack, ackTimeoutMs } = http()
  if (ack === undefined) return groups.take(batch)
  const unit = pushedUnit(batch, host)
  const settling: Settling | undefined =
    shared === undefined ? (pushed, signal) => worstOutcome(sinks, ack, pushed, signal) : shared.settling(ack)
  if (settling === undefined)
    throw new WeirError(
      'WEIR_SINK_UNREACHABLE',
      `events are acknowledged by sink ${ack}, which no deliverer has started yet`,
    )
  // On a bus the sink may run elsewhere.
  const settled = shared === undefined ? sinks.repeatable(ack) : undefined
  const pushed = await (settled === undefined ? ingest.append(unit) : ingest.appendAgain(unit, settled))
  const timeout = new AbortController()
  const timer = host.timers.after(ackTimeoutMs, () => timeout.abort())
  try {
    const outcome = await settling(pushed, timeout.signal)
    if (outcome === undefined)
      throw new WeirError('WEIR_SINK_UNREACHABLE', `events are acknowledged by sink ${ack}, which is not running`)
    return { accepted: pushed.accepted, duplicates: pushed.duplicates, outcome }
  } finally {
    timer.cancel()
  }
}

async function worstOutcome(
  sinks: PushParts['sinks'],
  ack: string,
  { sequence, repeats = [] }: Pushed,
  signal: AbortSignal,
): Promise<SinkOutcome | undefined> {
  const outcomes = await Promise.all([sequence, ...repeats].map((number) => sinks.outcome(ack, number, signal)))
  if (outcomes.includes(undefined)) return undefined
  return (['dead-lettered', 'dropped', 'pending', 'delivered'] as const)
    .map((is) => outcomes.find((outcome) => outcome?.is === is))
    .find((outcome) => outcome !== undefined)
}
