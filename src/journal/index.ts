import type { Fence } from '../host/fence.ts'
import { makeDurableDirectory, type Disk, type DiskFile, type Host } from '../host/index.ts'
import { nowhere, type Position } from '../model/positions.ts'
import type { Metrics } from '../telemetry/ports.ts'
import { segmentStart } from './paths.ts'
import { journalSource } from './checkpoint.ts'
import { emptyTotals, recover, type Recovered } from './recover.ts'
import type { UnreadableRange } from './types.ts'
import { Parts } from './reader.ts'
import { Walk } from './walk.ts'
import { defaultLimits, type JournalLimits } from './limits.ts'
import { isFull, type MakeRoom, type Relieve } from './room.ts'
import { removeTornWrite, type TornWrite } from './torn.ts'
import { SegmentWriter, type OnRefusing } from './writer.ts'

export { decodeBatch, encodeBatch } from './bodies.ts'
export { openReader } from './reader.ts'
export { SharedTail } from './tail.ts'
export { SlotRecord } from './slots.ts'
export { offsetName, segmentName, segmentStart } from './paths.ts'
export { journalSource } from './checkpoint.ts'
export { defaultLimits, type JournalLimits } from './limits.ts'
export { SegmentWriter } from './writer.ts'
export { FrameGroup, pack, type CopiedFrame } from './group.ts'
export { Fenced, fenceKey, type BusRecord, type BusWriter, type Channel, type JournalBus } from './bus.ts'
export type * from './types.ts'

/** Lower bounds from other files: projection commits and offset records. */
export type Evidence = Readonly<{
  position: Position
  accepted: Readonly<Record<string, number>>
}>

/** Regardless of damage. The next sequence and row exceed those of every readable header and evidence. */
export async function openJournal(options: {
  host: Host
  directory: string
  epoch: number
  limits?: Partial<JournalLimits>
  evidence?: readonly Evidence[]
  metrics?: Metrics
  fence?: Fence | undefined
  onRefusing?: OnRefusing
  makeRoom?: MakeRoom
  relieve?: Relieve
  onTorn?: (torn: TornWrite) => void
}): Promise<SegmentWriter> {
  const { host, directory } = options
  await makeDurableDirectory(host.disk, directory)
  for (const torn of await removeTornWrite(host.disk, directory, host.boot)) options.onTorn?.(torn)
  const recovered = await recover(host.disk, directory)
  // The cache can contain unsynced data of a killed process.
  await settle(host.disk, directory, recovered)
  const evidence = options.evidence ?? []
  const newest = segmentStart(recovered.segments.at(-1)?.name ?? '') ?? 1
  const named = Math.max(recovered.last.sequence, newest - 1, ...evidence.map((item) => item.position.sequence))
  // One header per lost frame at least.
  const torn = Math.ceil(recovered.damagedBytes / 116)
  const row = Math.max(recovered.last.row, ...evidence.map((item) => item.position.row))
  let missing = false
  for (const { accepted } of evidence) {
    for (const [source, rows] of Object.entries(accepted)) {
      if (source === journalSource) continue
      const total = recovered.totals.get(source) ?? emptyTotals()
      if (rows > total.accepted) missing = true
      total.accepted = Math.max(total.accepted, rows)
      recovered.totals.set(source, total)
    }
  }
  for (const total of recovered.totals.values()) total.sequence = 0
  const sequence = named + torn
  // A new segment needs a new name even if the newest is empty.
  const last = { sequence: Math.max(sequence, recovered.segments.length > 0 ? newest : 0), row }
  const afterLoss = recovered.damaged || named > recovered.last.sequence
  const writer = new SegmentWriter({
    host,
    directory,
    epoch: Math.max(options.epoch, recovered.epoch + 1),
    limits: { ...defaultLimits, ...options.limits },
    last,
    totals: recovered.totals,
    ends: recovered.ends,
    anchor: recovered.segments[recovered.from]?.name,
    segments: recovered.segments,
    afterLoss,
    metrics: options.metrics,
    fence: options.fence,
    onRefusing: options.onRefusing,
    makeRoom: options.makeRoom,
    relieve: options.relieve,
  })
  // Shows readers the loss without the next append.
  if (afterLoss || recovered.cut || missing) await writer.checkpoint()
  return writer
}

async function settle(disk: Disk, directory: string, { segments, from }: Recovered) {
  for (const [index, { name }] of segments.entries()) {
    const file = await disk.open(`${directory}/${name}`, 'write')
    try {
      if (index >= from) await rewrite(file)
      await file.sync()
    } finally {
      await file.close()
    }
  }
  await disk.syncDirectory(directory)
}

/** After a failed sync of an earlier process, a successful one does not mean that cached content is on the disk. */
async function rewrite(file: DiskFile) {
  const chunk = new Uint8Array(1024 * 1024)
  try {
    for (let at = 0; ; at += chunk.length) {
      const bytes = await file.read(chunk, at)
      if (bytes > 0) await file.write(chunk.subarray(0, bytes), at)
      if (bytes < chunk.length) return
    }
  } catch (error) {
    // A full copy-on-write disk refuses this, and must not prevent the start.
    if (!isFull(error)) throw error
  }
}

export type JournalCheck = Readonly<{
  frames: number
  events: number
  unreadable: readonly UnreadableRange[]
}>

export async function checkJournal(options: { host: Host; directory: string }): Promise<JournalCheck> {
  const { host, directory } = options
  const unreadable: UnreadableRange[] = []
  let frames = 0
  let events = 0
  const parts = new Parts()
  const walk = new Walk({
    disk: host.disk,
    directory,
    after: nowhere,
    onUnreadable: (range) => unreadable.push(range),
  })
  try {
    for (;;) {
      const walked = await walk.next()
      if (walked === undefined) break
      frames++
      events += parts.add(walked)?.header.count ?? 0
    }
    walk.flush()
  } finally {
    await walk.close()
  }
  for (const name of await host.disk.list(directory)) {
    if (!name.endsWith('.seg') || segmentStart(name) !== undefined) continue
    const bytes = (await host.disk.stat(`${directory}/${name}`))?.size ?? 0
    unreadable.push({ segment: name, offset: 0, bytes, events: 0 })
  }
  return { frames, events, unreadable }
}
