import { setTimeout as sleep } from 'node:timers/promises'
import type { Replay, Source, SourceContext } from '../../src/engine/contracts.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { Frame } from '../../src/journal/types.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import type { Answer, SourceHarness } from './source.ts'
import type { NewUnit } from './test-journal.ts'

export const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = unit.kind === 'events' ? decodeBatch('events', unit.raw) : undefined
  return batch?.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventAt(batch, row)) : []
}

export interface PollingBench {
  readonly context: SourceContext
  /** Resolves when all of these ids are synced. `retry`: the journal refused since, or the client was closed. */
  synced(ids: readonly string[]): Promise<Answer>
  /** Resolves when malformed input was counted. */
  malformed(): Promise<Answer>
  close(): Promise<void>
}

/** The context of a polling source. `units`: the journal of the source; appended units are added. */
export function pollingBench(context: SourceContext, units: NewUnit[]): PollingBench {
  const synced = new Set<string>()
  let [refused, closed, malformed] = [false, false, false]
  const frames: Replay = {
    hold: () => Promise.resolve(),
    async *after({ sequence }) {
      for (const [at, unit] of units.entries())
        if (at + 1 > sequence) yield { header: { ...unit, sequence: at + 1 }, body: () => unit.raw } as unknown as Frame
      await Promise.resolve()
    },
  }
  // Sources poll at most once a second; the suite must not wait for that.
  const timers = {
    ...context.host.timers,
    sleep: (ms: number, signal?: AbortSignal) => context.host.timers.sleep(Math.min(ms, 5), signal),
  }
  const until = async (there: () => boolean): Promise<Answer> => {
    while (!there()) {
      if (refused || closed) return 'retry'
      await sleep(5)
    }
    return 'accepted'
  }
  return {
    context: {
      ...context,
      replay: frames,
      host: { ...context.host, timers },
      shed: (reason, rows) => {
        malformed = true
        context.shed(reason, rows)
      },
      append: async (unit) => {
        const appended = await context.append(unit).catch((error: unknown) => {
          refused = true
          throw error
        })
        units.push(unit)
        for (const { id } of eventsOf(unit)) synced.add(id)
        return appended
      },
    },
    synced(ids) {
      refused = false
      return until(() => ids.every((id) => synced.has(id)))
    },
    malformed: async () => ((await until(() => malformed)) === 'accepted' ? 'refused' : 'retry'),
    close() {
      closed = true
      return Promise.resolve()
    },
  }
}

export interface PollingRig<Target> {
  /** The polled system; each case has another. */
  target(): Target
  build(target: Target, context: SourceContext): Promise<Source>
  put(target: Target, numbers: readonly number[]): void
  putMalformed(target: Target): void
}

/** Harness of a source that polls an API server. */
export function pollingHarness<Target>(rig: PollingRig<Target>): SourceHarness {
  let target: Target
  let units: NewUnit[] = []
  return {
    redelivers: true,
    order: 'as received',
    numbersIn: (unit) => eventsOf(unit).map(({ id }) => Number(id)),
    async build(given, address) {
      if (given.epoch === 1 && address === undefined) [target, units] = [rig.target(), []]
      const { context, synced, malformed, close } = pollingBench(given, units)
      return {
        source: await rig.build(target, context),
        close,
        send(numbers) {
          rig.put(target, numbers)
          return synced(numbers.map(String))
        },
        sendMalformed() {
          rig.putMalformed(target)
          return malformed()
        },
      }
    },
  }
}
