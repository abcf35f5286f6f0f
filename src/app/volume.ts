import { dirname } from 'node:path'
import type { Disk, Host } from '../host/index.ts'
import type { WeirConfig } from './config.ts'
import { sizeText } from '../model/size-text.ts'

export const smallVolumeAdvice =
  'Lower `journal.keep`, and `store.size` if it is set, to fit the volume, or use a larger one. While the volume ' +
  'lacks room, settled journal is removed first, then the oldest rows of the store.'

type Sized = Pick<WeirConfig, 'journal' | 'store'>

/** A post waits this long while settled segments or old rows are removed. */
const maxRoomWaitMs = 2000
const largestMargin = 16 << 20
const leastSegment = 64 << 10
const largestStore = 50 * 2 ** 30
const leastStore = 1 << 20

/** Below the reserve posts are refused; within the margin beyond it the journal and then the store give way. */
export function roomOf({
  reserve,
}: Pick<WeirConfig['journal'], 'reserve'>): Readonly<{ reserveBytes: number; marginBytes: number }> {
  return { reserveBytes: reserve, marginBytes: Math.min(largestMargin, Math.ceil(reserve / 8)) }
}

export async function journalLimits(
  { disk }: Pick<Host, 'disk'>,
  { journal }: Pick<WeirConfig, 'journal'>,
  path: string,
) {
  return {
    segmentBytes: segmentOf(journal, await disk.capacity(path)),
    maxBytes: journal.max,
    keepBytes: journal.keep,
    ...roomOf(journal),
    waitMs: maxRoomWaitMs,
  }
}

/** Only whole segments can be removed. */
function segmentOf({ segment }: Pick<WeirConfig['journal'], 'segment'>, capacity: number): number {
  return Math.min(segment, Math.max(leastSegment, Math.floor(capacity / 32)))
}

/** Unset, three quarters of what the reserve leaves of the volume, and at most 50 GiB. */
export async function storeSize(
  { disk }: Pick<Host, 'disk'>,
  { journal, store }: Sized,
  path: string,
): Promise<number> {
  if (store.size !== null) return store.size
  const capacity = await disk.capacity(await existing(disk, path))
  return Math.max(leastStore, Math.min(largestStore, Math.floor(((capacity - journal.reserve) * 3) / 4)))
}

/** The folder that is or will be above it. */
export async function existing(disk: Disk, path: string): Promise<string> {
  return (await disk.volume(path)) === undefined && dirname(path) !== path ? existing(disk, dirname(path)) : path
}

export async function smallVolume(
  host: Pick<Host, 'disk'>,
  { journal, store }: Sized,
  path: string,
): Promise<string | undefined> {
  const size = await host.disk.capacity(path)
  const expected = store.enabled === 'parquet' ? (store.size ?? 0) : 0
  const needed = journal.keep + journal.reserve + expected
  if (size >= needed) return undefined
  const parts = [
    `journal.keep ${sizeText(journal.keep)}`,
    `journal.reserve ${sizeText(journal.reserve)}`,
    ...(expected === 0 ? [] : [`store.size ${sizeText(expected)}`]),
  ]
  return `${sizeText(size)}, and ${parts.join(' + ')} are ${sizeText(needed)}`
}
