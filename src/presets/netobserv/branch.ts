import type { Aggregated } from './extract.ts'
import type { Report } from './report.ts'

export type Settings = Readonly<Record<string, unknown>>

/** A filter of the other program in Weir's language, or the reason why there is none. */
export type FilterReader = (
  query: string,
  options: Readonly<{ flagNames: boolean; unknownKeys: 'error' | 'absent' }>,
) => Readonly<{ is: 'filter'; text: string; notes: readonly string[] }> | Readonly<{ is: 'problem'; problem: string }>

/** The flows behind one stage of a pipeline. */
export type Branch = Readonly<{
  /** Sources and transforms. */
  from: readonly string[]
  /** Conditions that flows of `from` must meet, all of them. */
  filters: readonly string[]
  /** Whether TCP flags are names. */
  flagNames: boolean
  /** Names of fields in sinks that can rename: output by input. */
  renamed?: Readonly<Record<string, string>>
  /** Set directly behind a stage that sums up flows. */
  aggregated?: Aggregated
}>

/** The configuration that grows while stages are read. */
export class Assembly {
  readonly report: Report
  readonly readFilter: FilterReader
  readonly ignoresUnsupported: boolean
  /** Throws PresetProblem if the file is unreadable. */
  readonly readFile: (path: string) => string
  /** Data folder. */
  readonly #folder: string
  /** Contents of files in the data folder, by name. */
  readonly files: Record<string, string> = {}
  readonly sources: Record<string, Settings> = {}
  readonly transforms: Record<string, Settings> = {}
  readonly sinks: Record<string, Settings> = {}
  readonly networks: { cidr: string; label?: string; name?: string }[] = []
  readonly identity: Record<string, unknown> = {}
  /** Addresses of metrics and health. */
  readonly ops: string[] = []
  kubernetes: { kubeconfig?: string } | undefined
  clusterName: string | undefined

  constructor(
    report: Report,
    options: Readonly<{
      readFilter: FilterReader
      ignoreUnsupported: boolean
      data: string
      readFile: (path: string) => string
    }>,
  ) {
    this.report = report
    this.readFilter = options.readFilter
    this.ignoresUnsupported = options.ignoreUnsupported
    this.readFile = options.readFile
    this.#folder = folderOf(options.data)
  }

  /** A reference to a secret of the given file, which is stored in the data folder. */
  secret(name: string, value: string): string {
    const file = `netobserv-${name}`
    this.files[file] = value
    return `file:${this.#folder}/${file}`
  }

  /** An id that no component has yet. */
  id(name: string): string {
    const base =
      name
        .replaceAll(/[^A-Za-z0-9_-]/g, '-')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, 50) || 'stage'
    const taken = (id: string): boolean =>
      [this.sources, this.transforms, this.sinks].some((all) => Object.hasOwn(all, id)) ||
      ['store', 'http', 'kubernetes', 'netflow', 'sflow'].includes(id)
    let id = base
    for (let next = 2; taken(id); next++) id = `${base}-${next}`
    return id
  }

  /** Undefined if the query has no equivalent, which is reported. */
  filter(query: string, path: string, flagNames: boolean): string | undefined {
    const read = this.readFilter(query, { flagNames, unknownKeys: this.ignoresUnsupported ? 'absent' : 'error' })
    if (read.is === 'problem') {
      this.report.refuse(path, `${read.problem}; ignored, the filter selects every flow`)
      return undefined
    }
    for (const note of read.notes) this.report.note(path, note)
    return read.text
  }
}

export function folderOf(data: string): string {
  return data.startsWith('/') || data.startsWith('.') ? data : `./${data}`
}

export function joined(filters: readonly string[], by: 'and' | 'or' = 'and'): string {
  const some = filters.filter((text) => text !== '')
  if (by === 'or' && some.length < filters.length) return ''
  return some.length === 1 ? (some[0] ?? '') : some.map((text) => `(${text})`).join(` ${by} `)
}

/** Common settings of a sink or transform behind a branch. */
export function reads({ from, filters }: Branch): Settings {
  const filter = joined(filters)
  return { from, only: { family: ['flow'], ...(filter === '' ? {} : { filter }) } }
}

/** In Weir's notation. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole % 1000 !== 0) return `${whole}ms`
  return whole % 60_000 === 0 && whole > 0 ? `${whole / 60_000}m` : `${whole / 1000}s`
}

export function hostPortText(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}
