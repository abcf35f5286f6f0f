import type { Aggregated } from './extract.ts'
import type { Report } from './report.ts'

export type Settings = Readonly<Record<string, unknown>>

export type FilterReader = (
  query: string,
  options: Readonly<{ flagNames: boolean; unknownKeys: 'error' | 'absent' }>,
) => Readonly<{ is: 'filter'; text: string; notes: readonly string[] }> | Readonly<{ is: 'problem'; problem: string }>

export type Branch = Readonly<{
  from: readonly string[]
  /** Conditions that flows of `from` must meet, all of them. */
  filters: readonly string[]
  flagNames: boolean
  /** Names of fields in sinks that can rename: output by input. */
  renamed?: Readonly<Record<string, string>>
  /** Set directly behind a stage that sums up flows. */
  aggregated?: Aggregated
}>

export class Assembly {
  readonly report: Report
  readonly readFilter: FilterReader
  readonly ignoresUnsupported: boolean
  readonly readFile: (path: string) => string
  readonly #folder: string
  readonly files: Record<string, string> = {}
  readonly sources: Record<string, Settings> = {}
  readonly transforms: Record<string, Settings> = {}
  readonly sinks: Record<string, Settings> = {}
  readonly networks: { cidr: string; label?: string; name?: string }[] = []
  readonly identity: Record<string, unknown> = {}
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

  secret(name: string, value: string): string {
    const file = `netobserv-${name}`
    this.files[file] = value
    return `file:${this.#folder}/${file}`
  }

  id(name: string): string {
    const base =
      name
        .replaceAll(/[^A-Za-z0-9_-]/g, '-')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, 50) || 'stage'
    const taken = (id: string) =>
      [this.sources, this.transforms, this.sinks].some((all) => Object.hasOwn(all, id)) ||
      ['store', 'http', 'kubernetes', 'netflow', 'sflow'].includes(id)
    let id = base
    for (let next = 2; taken(id); next++) id = `${base}-${next}`
    return id
  }

  /** Undefined if the query has no equivalent, which is reported. */
  filter(query: string, path: string, { flagNames }: Pick<Branch, 'flagNames'>): string | undefined {
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
  const conditions = filters.filter((text) => text !== '')
  if (by === 'or' && conditions.length < filters.length) return ''
  return conditions.length === 1 ? (conditions[0] ?? '') : conditions.map((text) => `(${text})`).join(` ${by} `)
}

export function reads({ from, filters }: Branch): Settings {
  const filter = joined(filters)
  return { from, only: { family: ['flow'], ...(filter === '' ? {} : { filter }) } }
}

export function durationText(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole % 1000 !== 0) return `${whole}ms`
  return whole % 60_000 === 0 && whole > 0 ? `${whole / 60_000}m` : `${whole / 1000}s`
}

export function hostPortText(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}
