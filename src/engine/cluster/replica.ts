import type { Host } from '../../host/index.ts'
import type { CopiedFrame, JournalBus, SegmentWriter } from '../../journal/index.ts'
import { originCursor, originOf } from '../../model/origins.ts'
import type { Log, Metrics } from '../contracts.ts'
import { copyPartition } from './copy.ts'
import type { SharedUnit } from './units.ts'

type ReplicaOptions = Readonly<{
  bus: JournalBus
  journal: SegmentWriter
  host: Host
  log: Log
  metrics: Metrics
  signal: AbortSignal
}>

export async function replicate({ bus, journal, ...rest }: ReplicaOptions): Promise<void> {
  const origins = new Map(
    [...journal.totals()].flatMap(([source, { cursor }]) => {
      const origin = originOf(cursor)
      return origin === undefined ? [] : [[source, origin] as const]
    }),
  )
  await Promise.all(
    Array.from({ length: bus.partitions }, (_, partition) => {
      const here = [...origins].filter(([, origin]) => origin.partition === partition)
      return copyPartition({
        bus,
        partition,
        ...rest,
        lastTaken: here,
        after: Math.max(0, ...here.map(([, { place }]) => place)),
        async take(units) {
          await journal.copy(units.flatMap((unit) => framesOf(unit, partition)))
        },
      })
    }),
  )
}

function framesOf({ pieces, place }: SharedUnit, partition: number): CopiedFrame[] {
  return pieces.map(({ decoded: { header, zstd }, body }, at) => ({
    header,
    zstd,
    body,
    ...(at < pieces.length - 1
      ? {}
      : { cursor: originCursor({ partition, place, epoch: header.epoch, sequence: header.sourceSequence }) }),
  }))
}
