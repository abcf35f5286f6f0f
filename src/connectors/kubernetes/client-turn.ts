/** Turns by a record of the shared journal instead of a `Lease`: for those who have the journal in common and no `lease`. */
import type { TurnRecord } from '../../engine/contracts.ts'
import type { LeaseClient, LeaseRecord, LeaseWish, Told } from '../../net/kubernetes/lease.ts'

interface Turn extends LeaseWish {
  readonly instance: string
  /** Of the journal: what lies up to there is in `told`. */
  readonly place: number
}

export interface TurnOptions {
  readonly record: TurnRecord
  /** Up to where of the journal everything is told that {@link LeaseWish.told} says. */
  readonly place: () => number
  /** What the journal tells behind a place. */
  readonly toldBehind: (place: number) => Promise<Told>
}

export function turnClient({ record, place, toldBehind }: TurnOptions): LeaseClient {
  /** Of this process. */
  let identity: string | undefined
  const recordOf = ({ version, value }: { readonly version: string; readonly value: unknown }): LeaseRecord => {
    const turn = value as Turn
    // An earlier start under our name: the journal takes nothing from it any more.
    const over = turn.instance === record.instance && turn.holder !== identity
    return {
      version,
      holder: over ? '' : turn.holder,
      seconds: turn.seconds,
      epoch: turn.epoch,
      acquired: turn.acquired,
      told: turn.told,
      object: { turn },
    }
  }
  return {
    async read(signal) {
      const found = await record.read(signal)
      return found === undefined ? undefined : recordOf(found)
    },
    async write(before, wish, signal) {
      if (wish.holder !== '') identity = wish.holder
      const value: Turn = { ...wish, instance: record.instance, place: place() }
      const version = await record.write(before?.version, value, signal)
      if (version === undefined) return undefined
      const last = before?.object['turn'] as Turn | undefined
      const written = recordOf({ version, value })
      return last === undefined || last.holder === wish.holder
        ? written
        : { ...written, toldSince: await toldBehind(last.place) }
    },
  }
}
