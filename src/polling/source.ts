/** Of the instances with one journal or one Lease, only the leader polls. */
import { SharedCheckpoint } from './shared-checkpoint.ts'
import type { Source, SourceContext, LeaderRecord } from '../engine/contracts.ts'
import { healthOfPlaces, type SourceHealth } from '../engine/sources/health.ts'
import { runAsLeader } from './leader.ts'
import { Checkpoint } from './checkpoint.ts'

type Readable = Parameters<typeof healthOfPlaces>[0][number]

interface PollingParts<Status extends Readable> {
  /** Each ends after its signal aborts and its appends are synced. */
  readonly places: readonly { run(signal: AbortSignal): Promise<void>; status(): Status }[]
  close(): void
}

export interface PollingSource<Status extends Readable> extends Source {
  status(): { readonly places: readonly Status[] }
  health(): SourceHealth | undefined
}

type PollingOptions = Readonly<{
  context: SourceContext
  retentionMs: number
  what: string
  /** Partitions that may return the same events; each event is recorded once. */
  across?: readonly string[]
  /** Lease of instances with separate journals; default: the record of the shared journal. */
  lease?: Readonly<{ record: LeaderRecord; durationMs: number; close(): void }> | undefined
  /** The checkpoint in the lease is never ahead of this sink. */
  sink?: string | undefined
}>

export async function pollingSource<Status extends Readable>(
  { context, retentionMs, what, across, lease, sink }: PollingOptions,
  build: (checkpoint: Checkpoint) => PollingParts<Status>,
): Promise<PollingSource<Status>> {
  if (sink !== undefined && context.awaited === undefined)
    throw new Error(`ack: sink:${sink}: the sink does not support this setting`)
  const sharedCheckpoint = new SharedCheckpoint(sink === undefined ? undefined : context.awaited?.(sink))
  let isLeader = () => true
  const checkpoint = new Checkpoint(
    {
      ...context,
      append: async (unit) => {
        if (!isLeader()) throw new Error('another instance is the leader')
        const appended = await context.append(unit)
        sharedCheckpoint.appended(appended)
        return appended
      },
    },
    retentionMs,
    across,
  )
  const shared = context.replay?.shared?.leaderRecord
  if (lease === undefined && shared === undefined) await checkpoint.restore()
  const parts = build(checkpoint)
  const { places } = parts
  let isReading = false
  const read = async (signal: AbortSignal) => {
    isReading = true
    await allEnd(places.map((position) => position.run(signal))).finally(() => {
      isReading = false
    })
  }
  const recordNow = () => checkpoint.known
  let isRestored = false
  return {
    addresses: [],
    status: () => ({ places: places.map((position) => position.status()) }),
    // A follower is healthy.
    health: () => (isReading ? healthOfPlaces(places.map((position) => position.status())) : undefined),
    async run(signal) {
      try {
        if (lease !== undefined)
          await runAsLeader(
            {
              context,
              record: lease.record,
              durationMs: lease.durationMs,
              what,
              state: () => sharedCheckpoint.state(recordNow),
            },
            signal,
            async (leading, before, is) => {
              isLeader = is
              sharedCheckpoint.begin(before)
              if (!isRestored) await checkpoint.restore()
              isRestored = true
              checkpoint.learn(before)
              const ended = new AbortController()
              const until = AbortSignal.any([leading, ended.signal])
              await allEnd(
                [read(until), sharedCheckpoint.follow(recordNow, context.host, until)].map((part) =>
                  part.finally(() => {
                    ended.abort()
                  }),
                ),
              )
              if (!signal.aborted) await checkpoint.release()
            },
          )
        else if (shared === undefined) await read(signal)
        else
          await runAsLeader(
            { context, record: shared, what, state: () => checkpoint.state },
            signal,
            async (leading, before, is) => {
              isLeader = is
              await checkpoint.restore(before)
              await read(leading)
            },
          )
      } finally {
        parts.close()
        lease?.close()
      }
    },
  }
}

async function allEnd(parts: readonly Promise<void>[]) {
  const failed = (await Promise.allSettled(parts)).find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
