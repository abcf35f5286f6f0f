import { filePartition, nowhere, type Positions } from '../model/positions.ts'
import type { ManifestRecord, SourceCount, StoredFile } from './record.ts'
import type { FileAbout } from './table-writer.ts'

/** Immutable: a query keeps the state with which it began. */
export type StoreState = Readonly<{
  version: number
  files: ReadonlyMap<string, StoredFile>
  positions: Positions
  previous: Positions
  sources: Readonly<Record<string, SourceCount>>
  words: readonly string[]
  nextEndpoint: number
  gone?: ManifestRecord['gone'] | undefined
  expired?: ManifestRecord['expired'] | undefined
}>

export function carried({
  positions,
  previous,
  sources,
  words,
  nextEndpoint,
  gone,
  expired,
}: StoreState): Omit<ManifestRecord, 'version' | 'added' | 'removed'> {
  return {
    positions,
    previous,
    sources,
    words,
    nextEndpoint,
    ...(gone === undefined ? {} : { gone }),
    ...(expired === undefined ? {} : { expired }),
  }
}

/** Index 0 means absent. Protocols have the same numbers in every store. */
const firstWords: readonly string[] = ['', 'netflow5', 'netflow9', 'ipfix', 'sflow5']

export const emptyState: StoreState = {
  version: 0,
  files: new Map(),
  positions: { [filePartition]: nowhere },
  previous: { [filePartition]: nowhere },
  sources: {},
  words: firstWords,
  nextEndpoint: 1,
  gone: {},
}

export function aboutFiles({ sources, words }: Pick<StoreState, 'sources' | 'words'>, schema: number): FileAbout {
  return { schema, sources: Object.fromEntries(Object.entries(sources).map(([name, { id }]) => [name, id])), words }
}

export function applyRecord(state: StoreState, record: ManifestRecord): StoreState {
  const files = new Map(record.snapshot === true ? [] : state.files)
  for (const name of record.removed) files.delete(name)
  for (const file of record.added) files.set(file.name, file)
  const { version, positions, previous, sources, words, nextEndpoint, gone, expired } = record
  return { version, files, positions, previous, sources, words, nextEndpoint, gone, expired }
}

export function snapshotRecord(state: StoreState): ManifestRecord {
  return { version: state.version, snapshot: true, added: [...state.files.values()], removed: [], ...carried(state) }
}
