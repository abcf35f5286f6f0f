/** A source of places that are asked again and again: each by itself, and of those who share a journal one Weir at a time. */
import { SharedCheckpoint, type CheckpointRecord } from './shared-checkpoint.ts'
import type { Source, SourceContext, TurnRecord } from '../engine/ports.ts'
import { healthOfPlaces, type SourceHealth } from '../engine/source-health.ts'
import { runAsLeader } from './leader.ts'
import { Checkpoint } from './checkpoint.ts'

type Readable = Parameters<typeof healthOfPlaces>[0][number]

export interface PollingParts<Status extends Readable> {
  /** Each ends when the signal aborts and what it is telling is synced. */
  readonly places: readonly { run(signal: AbortSignal): Promise<void>; status(): Status }[]
  /** Called when all have ended for good. */
  close(): void
}

export interface PollingSource<Status extends Readable> extends Source {
  status(): { readonly places: readonly Status[] }
  health(): SourceHealth | undefined
}

export interface PollingOptions {
  readonly context: SourceContext
  /** The other side has nothing older. */
  readonly keptMs: number
  /** What it gives, in words: `traces`. */
  readonly what: string
  /** Keys of places that may give the same events: what one has told no other tells. */
  readonly across?: readonly string[]
  /** By which Weirs with journals of their own take turns, in place of the journal's own where it is shared. */
  readonly lease?: { readonly record: TurnRecord; readonly durationMs: number; close(): void } | undefined
  /** Sink up to which the lease's record tells how far we are; undefined: up to what is synced. */
  readonly sink?: string | undefined
}

/** The other side need not be there. */
export async function pollingSource<Status extends Readable>({ context, keptMs, what, across, lease, sink }: PollingOptions, build: (told: Checkpoint) => PollingParts<Status>): Promise<PollingSource<Status>> {
  if (sink !== undefined && context.awaited === undefined) throw new Error(`ack: sink:${sink}: no sink can be waited for here`)
  const kept = new SharedCheckpoint(sink === undefined ? undefined : context.awaited?.(sink))
  let isOurs = (): boolean => true
  const told = new Checkpoint({
    ...context, append: async (unit) => {
      // What was asked for in a turn that is over is another's to tell.
      if (!isOurs()) throw new Error('another one has the turn')
      const appended = await context.append(unit)
      kept.appended(appended)
      return appended
    },
  }, keptMs, across)
  const shared = context.frames?.shared?.turn
  if (lease === undefined && shared === undefined) await told.restore()
  const parts = build(told)
  const { places } = parts
  // Each by itself: one that can't be read stops no other.
  let isReading = false
  const read = async (signal: AbortSignal): Promise<void> => {
    isReading = true
    await allEnd(places.map((place) => place.run(signal))).finally(() => { isReading = false })
  }
  const known = (): CheckpointRecord => told.known
  let isRestored = false
  return {
    addresses: [],
    status: () => ({ places: places.map((place) => place.status()) }),
    // Who stands by does its job.
    health: () => (isReading ? healthOfPlaces(places.map((place) => place.status())) : undefined),
    async run(signal) {
      try {
        if (lease !== undefined) await runAsLeader({ context, record: lease.record, durationMs: lease.durationMs, what, state: () => kept.state(known) }, signal, async (ours, before, is) => {
          isOurs = is
          kept.begin(before)
          if (!isRestored) await told.restore()
          isRestored = true
          told.learn(before)
          const ended = new AbortController()
          const turn = AbortSignal.any([ours, ended.signal])
          await allEnd([read(turn), kept.follow(known, context.host, turn)].map((part) => part.finally(() => { ended.abort() })))
          if (!signal.aborted) await told.letGo()
        })
        else if (shared === undefined) await read(signal)
        else await runAsLeader({ context, record: shared, what, state: () => told.state }, signal, async (ours, before, is) => {
          isOurs = is
          await told.restore(before)
          await read(ours)
        })
      } finally {
        parts.close()
        lease?.close()
      }
    },
  }
}

/** All of them, whichever fails. Rejects as the first that does. */
async function allEnd(parts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(parts)).find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
