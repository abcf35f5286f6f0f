import type { StoredSums, StoreReader } from '../../engine/control.ts'
import type { Log } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { Folder } from '../folder.ts'
import { lostTimes } from '../losses.ts'
import { Manifest, readManifest } from '../manifest.ts'
import { defaultQueryLimits } from '../process/limits.ts'
import { QueryProcesses, withProcesses, type StartProcess } from '../process/processes.ts'
import { DuckReader } from './reader.ts'

const threads = 2

export interface ReadOnlyStore {
  readonly reader: StoreReader
  /** Times of rows that only damaged files had; those found by queries included. */
  lost(): NonNullable<StoredSums['lost']>
  close(): Promise<void>
}

export type ReadOnlyOptions = Readonly<{
  host: Host
  directory: string
  log: Log
  processes?: StartProcess | undefined
}>

/** Works on read-only disks and beside a starting process. Undefined if the folder has no store. */
export async function openReadOnly({
  host,
  directory,
  log,
  processes: start,
}: ReadOnlyOptions): Promise<ReadOnlyStore | undefined> {
  const manifest = await readManifest(host.disk, directory)
  if (manifest.generation === 0) return undefined
  const missing = new Set<string>()
  for (const file of manifest.state.files.values()) {
    if (file.lost === true) continue
    const stat = await host.disk.stat(`${directory}/${file.name}`)
    if (stat?.size !== file.bytes) missing.add(file.name)
  }
  if (missing.size > 0)
    log.error('Store files are missing or truncated. The result lacks their rows.', {
      files: missing.size,
      first: [...missing][0],
    })
  const folder = new Folder({
    host,
    directory,
    manifest: new Manifest(host.disk, directory, manifest.generation),
    state: manifest.state,
    missing,
    log,
    writable: false,
  })
  const reader = new DuckReader({
    folder,
    timers: host.timers,
    disk: host.disk,
    memoryLimit: '1GB',
    threads,
    calls: 2,
    cacheBytes: 0,
  })
  const lost = () => lostTimes([...folder.state.files.values()], folder.versions.missing) ?? {}
  if (start === undefined) return { reader, lost, close: () => reader.close() }
  const processes = new QueryProcesses({ host, folder, log, threads, limits: defaultQueryLimits, start })
  return {
    reader: withProcesses(reader, processes),
    lost,
    async close() {
      await processes.close()
      await reader.close()
    },
  }
}
