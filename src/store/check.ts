import type { Disk, Host } from '../host/index.ts'
import { EndpointCopies } from './endpoint-copies.ts'
import { lostRows, spanText } from './losses.ts'
import { levelSums } from './file-sums/levels.ts'
import { intactLevels, intactSums } from './file-sums/intact.ts'
import { areReadable } from './file-sums/parts.ts'
import { readManifest } from './manifest.ts'
import { holdsRows, sumsOf, type Stream } from './names.ts'
import type { StoredFile } from './record.ts'
import type { StoreState } from './state.ts'
import { expectedChecksum, Verification, verifyFile, type Damage, type Verified } from './verification.ts'

export type DamagedFile = Readonly<{
  file: string
  stream: Stream
  /** Without endpoints and rollups. */
  rows: number
  reason: Damage
  from: string
  to: string
}>

export type StoreCheck = Readonly<{
  files: number
  rows: number
  bytes: number
  /** Only their size was verified: no checksum, or beyond the limit. */
  unverified: number
  damaged: readonly DamagedFile[]
  /** Files of sums, of files and days of flows. No result needs them, and a server writes damaged ones again. */
  sums: Readonly<{ files: number; damaged: readonly string[] }>
  lost: Readonly<Record<string, number>>
}>

async function compareSize(
  disk: Disk,
  directory: string,
  { name, bytes }: StoredFile,
): Promise<Pick<Verified, 'damage' | 'bytes'>> {
  const stat = await disk.stat(`${directory}/${name}`)
  return { bytes: 0, damage: stat === undefined ? 'missing' : stat.size === bytes ? undefined : 'wrong size' }
}

async function checkSums(host: Host, directory: string, files: readonly StoredFile[]): Promise<StoreCheck['sums']> {
  const verification = new Verification(host.disk, directory)
  const withSums = files.filter(({ sums }) => areReadable(sums))
  const merged = levelSums(files)
  const [ofFiles, ofSeveral] = [await intactSums(verification, withSums), await intactLevels(verification, merged)]
  const damaged = [
    ...withSums.flatMap(({ name }) => (ofFiles.has(name) ? [] : [sumsOf(name)])),
    ...merged.flatMap((sums) => (ofSeveral.includes(sums) ? [] : [sums.name])),
  ]
  return { files: withSums.length + merged.length, damaged }
}

export type CheckedStore = Readonly<{
  state: StoreState
  generation: number
  manifestDamaged: boolean
  check: StoreCheck
}>

/** Beyond the first `mostBytes`, only file sizes are compared. */
export async function checkStore({
  host,
  directory,
  maxBytes = Infinity,
}: {
  host: Host
  directory: string
  maxBytes?: number
}): Promise<CheckedStore> {
  const { state, generation, damaged: manifestDamaged } = await readManifest(host.disk, directory)
  const live = [...state.files.values()].filter(({ lost }) => lost !== true)
  const suspects: [StoredFile, Damage][] = []
  const copies = new EndpointCopies(host.disk, directory)
  let [rows, bytes, unverified] = [0, 0, 0]
  for (const file of live) {
    const { damage, bytes: read } =
      bytes < maxBytes ? await verifyFile(host.disk, directory, file) : await compareSize(host.disk, directory, file)
    bytes += read
    // The next start or query rewrites it.
    const isRestorable = damage !== undefined && file.stream === 'endpoints' && (await copies.isIntact(file))
    if (damage !== undefined && !isRestorable) suspects.push([file, damage])
    else if (holdsRows(file.stream)) rows += file.rows
    if (damage === undefined && (expectedChecksum(file) === undefined || read < file.bytes)) unverified++
  }
  const newest = suspects.length === 0 ? state : (await readManifest(host.disk, directory)).state
  const damaged = suspects
    .filter(([{ name }]) => newest.files.has(name) && newest.files.get(name)?.lost !== true)
    .map(([file, reason]) => ({
      file: file.name,
      stream: file.stream,
      rows: holdsRows(file.stream) ? file.rows : 0,
      reason,
      ...spanText(file),
    }))
  const sums = bytes < maxBytes ? await checkSums(host, directory, live) : { files: 0, damaged: [] }
  const lost = lostRows(state)
  const named = Object.entries(state.sources).flatMap(([name, { id }]) =>
    lost.has(id) ? [[name, lost.get(id) ?? 0] as const] : [],
  )
  return {
    state,
    generation,
    manifestDamaged,
    check: { files: live.length, rows, bytes, unverified, damaged, sums, lost: Object.fromEntries(named) },
  }
}
