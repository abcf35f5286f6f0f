/** Runs of an export: each writes the whole billing period again, under another name. */
import { isRecord, textOf } from '../../model/json.ts'

export type Run = Readonly<{
  /** Folder of the billing period, with the name of the export if the run is a file. */
  group: string
  run: string
}>

export type Manifest = Readonly<{
  /** Relative to the folder of costs. */
  folder: string
  /** The run in use in the folder of the period, for AWS. */
  assembly: string | undefined
  /** Base names. */
  files: readonly string[]
  /** Unix ms; undefined: not stated. */
  written: number | undefined
}>

/** `modified`: Unix ms. */
type Listed = Readonly<{ name: string; modified: number }>

/** Azure, AWS cost and usage reports: `20261001-20261031`. AWS data exports: `BILLING_PERIOD=2026-10`. */
const period = /^((?:.*\/)?(?:\d{8}-\d{8}|billing_period=\d{4}-\d{2}))\/(.+)$/i
/** Azure without parts: each run is a separate file. */
const fileOfRun = /^(.*)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?:csv|csv\.gz|parquet)$/i

/** Undefined: the file belongs to no run, and replaces only itself. */
export function runOf(name: string): Run | undefined {
  const [, group, rest = ''] = period.exec(name) ?? []
  if (group === undefined) return undefined
  const end = rest.lastIndexOf('/')
  if (end >= 0) return { group, run: rest.slice(0, end) }
  const [, base, run] = fileOfRun.exec(rest) ?? []
  return run === undefined ? undefined : { group: `${group}/${base}`, run }
}

export function manifestOf(path: string, text: string): Manifest | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(document)) return undefined
  const info = document['runInfo']
  const written = isRecord(info) ? Date.parse(textOf(info['submittedTime']) ?? '') : Number.NaN
  const names = [
    ...listOf(document['reportKeys']),
    ...listOf(document['blobs']).map((blob) => (isRecord(blob) ? blob['blobName'] : undefined)),
  ]
  return {
    folder: path.slice(0, Math.max(0, path.lastIndexOf('/'))),
    assembly: textOf(document['assemblyId']),
    files: names.flatMap((name) => (typeof name === 'string' ? [name.slice(name.lastIndexOf('/') + 1)] : [])),
    written: Number.isNaN(written) ? undefined : written,
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

type Found = { readonly run: string; readonly files: string[]; modified: number; manifest: Manifest | undefined }

/**
 * The run in use of each group: the one that the manifest of the period names, else the newest. A run without its
 * manifest, or without a file that its manifest lists, is not complete while another one is.
 */
export function runsInUse(files: readonly Listed[], manifests: readonly Manifest[]): ReadonlyMap<string, string> {
  const groups = new Map<string, Map<string, Found>>()
  for (const { name, modified } of files) {
    const parsed = runOf(name)
    if (parsed === undefined) continue
    const { group, run } = parsed
    const runs = groups.get(group) ?? new Map<string, Found>()
    groups.set(group, runs)
    const existing = runs.get(run) ?? {
      run,
      files: [],
      modified: 0,
      manifest: manifestIn(manifests, `${group}/${run}`),
    }
    existing.files.push(name.slice(name.lastIndexOf('/') + 1))
    existing.modified = Math.max(existing.modified, modified)
    runs.set(run, existing)
  }
  return new Map(
    [...groups].map(([group, runs]) => {
      const named = manifests.find(({ folder, assembly }) => folder === group && runs.has(assembly ?? ''))
      const all = [...runs.values()].toSorted(
        (a, b) => Number(isComplete(b)) - Number(isComplete(a)) || timeOf(b) - timeOf(a) || (a.run < b.run ? 1 : -1),
      )
      return [group, named?.assembly ?? all[0]!.run]
    }),
  )
}

function manifestIn(manifests: readonly Manifest[], folder: string): Manifest | undefined {
  return manifests.find((manifest) => manifest.folder === folder)
}

function isComplete({ manifest, files }: Found): boolean {
  return manifest !== undefined && manifest.files.every((name) => files.includes(name))
}

const timeOf = ({ manifest, modified }: Found): number => manifest?.written ?? modified
