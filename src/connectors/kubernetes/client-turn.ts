/**
 * Leader election by a record of the shared journal instead of a `Lease`, for replicas with a common journal and no
 * `lease` setting.
 */
import type { LeaderRecord } from '../../engine/contracts.ts'
import type { LeaseClient, LeaseRecord, LeaseWish, Told } from '../../net/kubernetes/lease.ts'

/** JSON in the journal; earlier versions wrote no `checkpoint`. */
interface Turn extends LeaseWish {
  readonly instance: string
  /** Position in the journal up to which `checkpoint` is complete. */
  readonly place: number
}

export interface TurnOptions {
  readonly record: LeaderRecord
  /** Position in the journal up to which {@link LeaseWish.checkpoint} is complete. */
  readonly place: () => number
  /** The checkpoint of the entries after a position. */
  readonly toldBehind: (place: number) => Promise<Told>
}

export function turnClient({ record, place, toldBehind }: TurnOptions): LeaseClient {
  /** Of this process. */
  let identity: string | undefined
  const recordOf = ({ version, value }: { readonly version: string; readonly value: unknown }): LeaseRecord => {
    const turn: Turn = { ...(value as Turn), checkpoint: (value as Partial<Turn>).checkpoint ?? {} }
    // An earlier start under the same name: the journal has fenced it.
    const over = turn.instance === record.instance && turn.holder !== identity
    return {
      version,
      holder: over ? '' : turn.holder,
      seconds: turn.seconds,
      epoch: turn.epoch,
      acquired: turn.acquired,
      checkpoint: turn.checkpoint,
      object: { turn },
    }
  }
  return {
    async read(signal) {
      const found = await record.read(signal)
      return found === undefined ? undefined : recordOf(found)
    },
    async write(before, next, signal) {
      if (next.holder !== '') identity = next.holder
      const value: Turn = { ...next, instance: record.instance, place: place() }
      const version = await record.write(before?.version, value, signal)
      if (version === undefined) return undefined
      const last = before?.object['turn'] as Turn | undefined
      const written = recordOf({ version, value })
      return last === undefined || last.holder === next.holder
        ? written
        : { ...written, toldSince: await toldBehind(last.place) }
    },
  }
}
