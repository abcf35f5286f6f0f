/** What is pushed over HTTP: into the journal, and answered when it is synced there, or when a sink has settled it. */
import type { Host } from '../../host/index.ts'
import { encodeBatch, timeRange } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import type { EventBatch } from '../../model/batches.ts'
import { WeirError } from '../../model/errors.ts'
import type { Fate, Ingested } from '../control.ts'
import type { Place } from '../cluster/names.ts'
import { idHashes } from '../dedupe/id-hashes.ts'
import type { SinkSet } from '../delivery/sinks.ts'

export const httpSource = 'http'

/** What the journal says of a batch. */
export interface Pushed {
  readonly sequence: number
  readonly accepted: number
  readonly duplicates: number
  /** Sequences of the frames in flight that it repeats. */
  readonly repeats?: readonly number[]
  /** On a bus: where it lies, and whatever it repeats. */
  readonly places?: readonly Place[]
}

/** Resolves with what became of a batch at a sink, with `pending` when the signal aborts first; undefined: the sink is not there any more. */
export type Settling = (pushed: Pushed, signal: AbortSignal) => Promise<Fate | undefined>

export interface PushParts {
  readonly host: Host
  readonly ingest: {
    append(unit: Unit): Promise<Pushed>
    /** Only what the acknowledging sink has not settled, up to this sequence, is a duplicate. */
    appendAgain(unit: Unit, settled: number): Promise<Pushed>
  }
  readonly sinks: Pick<SinkSet, 'outcome' | 'repeatable'>
  /** In a shared journal: undefined while no deliverer has started the sink, which might miss rows pushed now. */
  readonly shared?: { settling(sink: string): Settling | undefined } | undefined
  /** `ack`: the sink that has to settle what is pushed before it is answered, if any. */
  readonly http: () => { readonly ack: string | undefined; readonly ackTimeoutMs: number }
}

export async function takePushed(
  { host, ingest, sinks, shared, http }: PushParts,
  batch: EventBatch,
): Promise<Ingested> {
  const { ack, ackTimeoutMs } = http()
  const unit: Unit = {
    source: httpSource,
    stream: httpSource,
    kind: 'events',
    count: batch.count,
    raw: encodeBatch(batch),
    hashes: idHashes(batch),
    received: host.clock.now(),
    ...timeRange(batch.time),
  }
  if (ack === undefined) {
    const { accepted, duplicates } = await ingest.append(unit)
    return { accepted, duplicates }
  }
  const settling: Settling | undefined =
    shared === undefined ? (pushed, signal) => ownFate(sinks, ack, pushed, signal) : shared.settling(ack)
  if (settling === undefined)
    throw new WeirError(
      'WEIR_SINK_UNREACHABLE',
      `events are acknowledged by sink ${ack}, which no deliverer has started yet`,
    )
  // On a bus the sink may be elsewhere: there the window holds.
  const settled = shared === undefined ? sinks.repeatable(ack) : undefined
  const pushed = await (settled === undefined ? ingest.append(unit) : ingest.appendAgain(unit, settled))
  const timeout = new AbortController()
  const timer = host.timers.after(ackTimeoutMs, () => timeout.abort())
  try {
    const fate = await settling(pushed, timeout.signal)
    if (fate === undefined)
      throw new WeirError('WEIR_SINK_UNREACHABLE', `events are acknowledged by sink ${ack}, which is not running`)
    return { accepted: pushed.accepted, duplicates: pushed.duplicates, fate }
  } finally {
    timer.cancel()
  }
}

/** The worst of the batch's own fate and of those of the frames that it repeats. */
async function ownFate(
  sinks: PushParts['sinks'],
  ack: string,
  { sequence, repeats = [] }: Pushed,
  signal: AbortSignal,
): Promise<Fate | undefined> {
  const fates = await Promise.all([sequence, ...repeats].map((each) => sinks.outcome(ack, each, signal)))
  if (fates.includes(undefined)) return undefined
  return (['dead-lettered', 'dropped', 'pending', 'delivered'] as const)
    .map((is) => fates.find((fate) => fate?.is === is))
    .find((fate) => fate !== undefined)
}
