import type { Disk, Host } from '../host/index.ts'
import { listSegments } from '../journal/recover.ts'
import { CommandError } from './client.ts'
import { readHolder } from '../app/lock.ts'
import type { Progress } from './progress.ts'

export type JournalFolder = Readonly<{
  directory: string
  segments: readonly Readonly<{ name: string; bytes: number }>[]
  bytes: number
  /** True while a server writes to the folder: its newest frame may be half written. */
  live: boolean
}>

export async function journalFolder(host: Host, data: string): Promise<JournalFolder> {
  const directory = `${data}/journal`
  const stat = await host.disk.stat(directory)
  if (stat?.directory !== true)
    throw new CommandError(`There is no journal in ${data}.`, ['Select the data folder with --data.'])
  const segments = await listSegments(host.disk, directory)
  return {
    directory,
    segments,
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    live: readHolder(data) !== undefined,
  }
}

export function withReadProgress(host: Host, progress: Progress): Host {
  const disk: Disk = {
    ...host.disk,
    async open(path, mode) {
      const file = await host.disk.open(path, mode)
      return {
        path,
        write: (...args) => file.write(...args),
        writeAll: (...args) => file.writeAll(...args),
        sync: () => file.sync(),
        truncate: (size) => file.truncate(size),
        size: () => file.size(),
        close: () => file.close(),
        async read(into, position) {
          const got = await file.read(into, position)
          progress.add(got)
          return got
        },
      }
    },
  }
  return { ...host, disk }
}
