/** A source of places that are asked again and again: each by itself, and of those who share a journal one Weir at a time. */
import type { Source, SourceContext } from './ports.ts'
import { takeTurns } from './take-turns.ts'
import { ToldOnce } from './told-once.ts'

export interface AskedParts<Status> {
  /** Each ends when the signal aborts and what it is telling is synced. */
  readonly places: readonly { run(signal: AbortSignal): Promise<void>; status(): Status }[]
  /** Called when all have ended for good. */
  close(): void
}

export interface AskedSource<Status> extends Source {
  status(): { readonly places: readonly Status[] }
}

export interface AskedOptions {
  readonly context: SourceContext
  /** The other side has nothing older. */
  readonly keptMs: number
  /** What it gives, in words: `traces`. */
  readonly what: string
  /** Keys of places that may give the same events: what one has told no other tells. */
  readonly across?: readonly string[]
}

/** The other side need not be there. */
export async function askedSource<Status>({ context, keptMs, what, across }: AskedOptions, build: (told: ToldOnce) => AskedParts<Status>): Promise<AskedSource<Status>> {
  const told = new ToldOnce(context, keptMs, across)
  const turn = context.frames?.shared?.turn
  if (turn === undefined) await told.restore()
  const parts = build(told)
  const { places } = parts
  // Each by itself: one that can't be read stops no other.
  const read = async (signal: AbortSignal): Promise<void> => {
    const ends = await Promise.allSettled(places.map((place) => place.run(signal)))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
  return {
    addresses: [],
    status: () => ({ places: places.map((place) => place.status()) }),
    async run(signal) {
      try {
        if (turn === undefined) await read(signal)
        else await takeTurns({ context, record: turn, what, state: () => told.state }, signal, async (ours, before) => {
          await told.restore(before)
          await read(ours)
        })
      } finally {
        parts.close()
      }
    },
  }
}
