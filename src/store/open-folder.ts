import { dirname, resolve } from 'node:path'
import type { Log } from '../engine/contracts.ts'
import type { Fence } from '../host/fence.ts'
import type { Host } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import { filePartition } from '../model/positions.ts'
import { chooseAdoptions, type Orphan } from './adopt.ts'
import { Manifest, readManifest } from './manifest.ts'
import { EndpointCopies } from './endpoint-copies.ts'
import { condemned, overlap } from './losses.ts'
import { levels } from './file-sums/levels.ts'
import {
  besideOf,
  checksumInName,
  copied,
  copyOf,
  holdsRows,
  isCopy,
  isLevelSums,
  levelSumsOf,
  msPerHour,
  parseFileName,
  spillPattern,
  temporaryEnding,
  type FileName,
} from './names.ts'
import { perSourceOf } from './pending.ts'
import type { SourceCount, StoredFile } from './record.ts'
import type { StoreState } from './state.ts'
import { schemaVersion } from './schema.ts'
import type { Inspected, TableWriter } from './table-writer.ts'
import { checksumOf, type Damage } from './verification.ts'

type OpenedFolder = Readonly<{
  state: StoreState
  manifest: Manifest
  missing: ReadonlyMap<StoredFile, Damage>
}>

type Candidate = Orphan & Inspected

type Opening = Readonly<{
  disk: Host['disk']
  directory: string
  writer: () => Promise<TableWriter>
  log: Log
  copies: EndpointCopies
}>

/** Reconciles folder and manifest. Damage never prevents the start. */
export async function openFolder(options: {
  host: Host
  directory: string
  writer: () => Promise<TableWriter>
  log: Log
  fence?: Fence | undefined
}): Promise<OpenedFolder> {
  const { host, directory, writer, log, fence } = options
  const disk = host.disk
  rejectPatterns(directory)
  await createFolder(disk, directory)
  const manifestState = await readManifest(disk, directory)
  const names = await disk.list(directory)
  const sizes = await sizesOf(disk, directory, names)
  const opening: Opening = { disk, directory, writer, log, copies: new EndpointCopies(disk, directory) }
  await restoreDamaged(opening, manifestState.state, sizes)
  if (manifestState.damaged || manifestState.generation === 0)
    names.push(...(await restoreFromCopies(opening, names, sizes, manifestState.removed)))
  const orphans = [...sizes.keys()].filter((name) => !manifestState.state.files.has(name))
  const mustRecover = manifestState.damaged || (manifestState.generation === 0 && orphans.length > 0)
  const state =
    (mustRecover || !manifestState.whole) && orphans.length > 0
      ? await adopt(opening, manifestState.state, {
          names: orphans.filter((name) => !manifestState.removed.has(name)),
          present: new Set(sizes.keys()),
          hasForgotten: manifestState.empty,
        })
      : manifestState.state
  await removeStray(opening, names, state)
  const missingFiles = new Map(
    [...state.files.values()]
      .filter((file) => file.lost !== true && sizes.get(file.name) !== file.bytes)
      .map((file): [StoredFile, Damage] => [file, sizes.has(file.name) ? 'wrong size' : 'missing']),
  )
  const manifest = new Manifest(disk, directory, manifestState.generation, fence)
  if (manifestState.whole && !mustRecover && manifestState.generation > 0) await manifest.reopen(manifestState)
  else await manifest.rotate(state)
  return { state, manifest, missing: missingFiles }
}

function rejectPatterns(directory: string): void {
  const pattern = /[*?[\]{}]/.exec(resolve(directory))
  if (pattern !== null)
    throw new WeirError(
      'WEIR_DATA_UNUSABLE',
      `Move the data folder: DuckDB reads paths as patterns, so its path must not contain ${pattern[0]}.`,
    )
}

async function createFolder(disk: Host['disk'], directory: string): Promise<void> {
  if ((await disk.stat(directory)) !== undefined) return
  await disk.makeDirectory(directory, 0o700)
  await disk.syncDirectory(dirname(directory))
}

async function sizesOf(disk: Host['disk'], directory: string, names: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const name of names) {
    if (parseFileName(name) === undefined) continue
    const stat = await disk.stat(`${directory}/${name}`)
    if (stat !== undefined) sizes.set(name, stat.size)
  }
  return sizes
}

/** Rewrites files of endpoints that are damaged or missing from their copies. */
async function restoreDamaged({ copies, log }: Opening, { files }: StoreState, sizes: Map<string, number>) {
  for (const file of files.values()) {
    if (file.stream !== 'endpoints' || file.lost === true || sizes.get(file.name) === file.bytes) continue
    if (!(await copies.restore(file))) continue
    log.warn('Rewrote a damaged store file from its copy.', { file: file.name })
    sizes.set(file.name, file.bytes)
  }
}

/** Rewrites files of endpoints that only have a copy. Returns their names. */
async function restoreFromCopies(
  opening: Opening,
  names: readonly string[],
  sizes: Map<string, number>,
  removed: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { disk, directory } = opening
  const restored: string[] = []
  for (const name of names.filter(isCopy).map(copied)) {
    if (sizes.has(name) || removed.has(name) || !(await restoreUnnamed(opening, name))) continue
    restored.push(name)
    sizes.set(name, (await disk.stat(`${directory}/${name}`))?.size ?? 0)
  }
  return restored
}

async function restoreUnnamed({ disk, directory, copies }: Opening, name: string): Promise<boolean> {
  const bytes = (await disk.stat(`${directory}/${copyOf(name)}`))?.size ?? 0
  const fileParts = parseFileName(name)
  return fileParts?.stream === 'endpoints' && copies.restore({ name, bytes })
}

/** Removes files that `state` does not name, sums and copies without their file, and temporary files. */
async function removeStray({ disk, directory }: Opening, names: readonly string[], { files }: StoreState) {
  const sums = new Set(
    [...files.values()].flatMap(({ name, ...file }) =>
      levels.map((level) => levelSumsOf(name, file[level]?.files ?? '', level)),
    ),
  )
  for (const name of names) {
    const unnamed = parseFileName(name) !== undefined && !files.has(name)
    const owner = besideOf(name)
    const lacksOwner = isLevelSums(name) ? !sums.has(name) : owner !== undefined && !files.has(owner)
    if (unnamed || lacksOwner || name.endsWith(temporaryEnding)) await disk.remove(`${directory}/${name}`)
  }
  for (const folder of names.filter((name) => spillPattern.test(name))) {
    for (const name of await disk.list(`${directory}/${folder}`)) await disk.remove(`${directory}/${folder}/${name}`)
  }
}

type Orphans = Readonly<{
  names: readonly string[]
  /** All files in the folder. */
  present: ReadonlySet<string>
  /** True if the manifest has no positions. */
  hasForgotten: boolean
}>

async function adopt(
  opening: Opening,
  from: StoreState,
  { names, present, hasForgotten }: Orphans,
): Promise<StoreState> {
  const { candidates, damaged } = await inspectAll(opening, names)
  const reachedSequence = hasForgotten
    ? Math.max(0, ...candidates.map((candidate) => candidate.lastSequence))
    : (from.positions[filePartition]?.sequence ?? 0)
  const { adopted, replaced } = chooseAdoptions(candidates, [...from.files.values()], present, reachedSequence)
  if (adopted.length > 0) {
    opening.log.error('The manifest of the store was damaged. Recovered files that it had named by their names.', {
      files: adopted.length,
      rows: rowsOf(adopted),
    })
  }
  const files = new Map(from.files)
  for (const file of replaced) files.delete(file.name)
  for (const file of adopted) files.set(file.name, storedFile(file))
  // The journal may still have the frames of these damaged files.
  const recoverableFiles = damaged.filter(
    (candidate) =>
      candidate.lastSequence <= reachedSequence &&
      ![...files.values()].some(
        (file) => file.stream === candidate.stream && file.hour === candidate.hour && overlap(file, candidate),
      ),
  )
  for (const file of recoverableFiles) files.set(file.name, withoutRows(file))
  const state = hasForgotten ? recoveredState({ ...from, files }, adopted, reachedSequence) : { ...from, files }
  const changes = condemned(
    state,
    recoverableFiles.map(({ name }) => name),
  )
  const remainingFiles = new Map(state.files)
  for (const name of changes.removed) remainingFiles.delete(name)
  for (const file of changes.added) remainingFiles.set(file.name, file)
  return { ...state, files: remainingFiles }
}

/** `damaged`: the checksum is not the one in the name, and no copy replaces the file. */
async function inspectAll(opening: Opening, names: readonly string[]) {
  const { disk, directory, log } = opening
  const writer = await opening.writer()
  const candidates: Candidate[] = []
  const damagedFiles: FileName[] = []
  for (const name of names) {
    const fileParts = parseFileName(name)
    if (fileParts === undefined) continue
    const checksum = checksumInName(name)
    const isDamaged = checksum !== undefined && (await checksumOf(disk, `${directory}/${name}`)).crc !== checksum
    if (isDamaged && !(await restoreUnnamed(opening, name))) {
      damagedFiles.push(fileParts)
      continue
    }
    try {
      candidates.push({ ...fileParts, ...(await writer.inspect(fileParts.stream, `${directory}/${name}`)) })
    } catch {
      log.warn('Removed an unreadable store file that no manifest record names.', { file: name })
    }
  }
  return { candidates, damaged: damagedFiles }
}

function withoutRows(file: FileName): StoredFile {
  return {
    ...file,
    schema: schemaVersion,
    rows: 0,
    bytes: 0,
    timeMin: null,
    timeMax: null,
    receivedMin: file.hour * msPerHour,
    receivedMax: (file.hour + 1) * msPerHour,
    ...(holdsRows(file.stream) ? { perSource: [] } : {}),
  }
}

function rowsOf(files: readonly (Pick<StoredFile, 'stream' | 'rows'> | undefined)[]) {
  return files.reduce((sum, file) => sum + (file !== undefined && holdsRows(file.stream) ? file.rows : 0), 0)
}

function storedFile(from: Candidate): StoredFile {
  const { perSource, lastEndpoint: _, about, ...file } = from
  return {
    ...file,
    schema: about?.schema ?? schemaVersion,
    ...(holdsRows(file.stream) ? { perSource: perSourceOf(perSource) } : {}),
  }
}

function recoveredState(state: StoreState, files: readonly Candidate[], reached: number): StoreState {
  const storedRows = new Map<number, number>()
  const names = new Map<number, string>()
  let words = state.words
  for (const { about, perSource } of files) {
    for (const [source, rows] of perSource) storedRows.set(source, (storedRows.get(source) ?? 0) + rows)
    for (const [name, id] of Object.entries(about?.sources ?? {})) names.set(id, name)
    if (about !== undefined && about.words.length > words.length) words = about.words
  }
  const sources: Record<string, SourceCount> = {}
  for (const id of new Set([...names.keys(), ...storedRows.keys()]))
    sources[names.get(id) ?? `source-${id}`] = { id, stored: storedRows.get(id) ?? 0, quarantined: 0 }
  const positions = { [filePartition]: { sequence: reached, row: 0 } }
  const nextEndpoint = 1 + Math.max(0, ...files.map((file) => file.lastEndpoint))
  return { ...state, sources, words, positions, previous: positions, nextEndpoint, gone: {} }
}
