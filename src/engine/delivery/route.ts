import { alertTypes } from '../../model/alerts.ts'
import type { Batch, BatchKind, EventBatch } from '../../model/batches.ts'
import { componentOf } from '../../model/positions.ts'
import type { Enrichment, FrameHeader, RowFilter } from '../contracts.ts'
import type { DeliverySettings } from './settings.ts'

type Routed = Readonly<{
  rows: Uint32Array
  filtered: Readonly<Record<string, number>>
}>

export type Route = (batch: Batch) => Routed

export type Choice = Readonly<{
  route: Route
  enrichment?: Enrichment | undefined
  filter?: RowFilter | undefined
}>

export type Chosen = Readonly<{
  /** With the names of addresses. */
  batch: Batch
  rows: Uint32Array
  filtered: Readonly<Record<string, number>>
  /** Names may still arrive. */
  unknown: boolean
}>

/** The rows of a frame that a sink receives. */
export function chooseRows(batch: Batch, header: FrameHeader, { route, enrichment, filter }: Choice): Chosen {
  const { rows, filtered } = route(batch)
  if (rows.length === 0) return { batch, rows, filtered, unknown: false }
  const enriched =
    batch.kind === 'flows' && enrichment !== undefined
      ? enrichment.enrich(batch, header.received)
      : { batch, unknown: false }
  if (filter === undefined) return { ...enriched, rows, filtered }
  const chosen = filterRows(filter, enriched.batch, header, rows)
  const less = rows.length - chosen.length
  return { ...enriched, rows: chosen, filtered: less === 0 ? filtered : { ...filtered, filter: less } }
}

export function filterRows(filter: RowFilter, batch: Batch, header: FrameHeader, rows: Uint32Array): Uint32Array {
  const matches = filter(batch, header)
  return rows.filter((row) => matches(row))
}

export function takesFrom(from: readonly string[] | undefined, source: string): boolean {
  return from?.includes(componentOf(source)) ?? true
}

/** Events of silenced alerts are delivered to sinks that name their type. */
export function compileRoute(
  accepts: readonly BatchKind[],
  { only, silenced }: Pick<DeliverySettings, 'only' | 'silenced'>,
): Route {
  const families = only?.family === undefined ? undefined : new Set<string>(only.family)
  const types = only?.type?.map(globPattern)
  const takesSilenced = silenced === true || only?.type?.includes(alertTypes.silenced) === true
  return (batch) => {
    if (!accepts.includes(batch.kind)) return { rows: new Uint32Array(0), filtered: { kind: batch.count } }
    if (batch.kind === 'flows') {
      const take = (families?.has('flow') ?? true) && types === undefined
      return take
        ? { rows: every(batch.count), filtered: {} }
        : { rows: new Uint32Array(0), filtered: { only: batch.count } }
    }
    const selected =
      families === undefined && types === undefined ? every(batch.count) : matching(batch, families, types)
    const rows = takesSilenced ? selected : sentOf(batch, selected)
    return {
      rows,
      filtered: {
        ...(selected.length === batch.count ? {} : { only: batch.count - selected.length }),
        ...(rows.length === selected.length ? {} : { silenced: selected.length - rows.length }),
      },
    }
  }
}

function sentOf({ dictionary, type }: EventBatch, rows: Uint32Array): Uint32Array {
  const code = dictionary.indexOf(alertTypes.silenced)
  return code < 0 ? rows : rows.filter((row) => type[row] !== code)
}

function matching(batch: EventBatch, families: Set<string> | undefined, types: RegExp[] | undefined): Uint32Array {
  const word = (code: number | undefined) => batch.dictionary[code ?? 0] ?? ''
  const familyPasses = new Map<number, boolean>()
  const typePasses = new Map<number, boolean>()
  const passes = (decisions: Map<number, boolean>, code: number, decide: (text: string) => boolean) => {
    let pass = decisions.get(code)
    if (pass === undefined) decisions.set(code, (pass = decide(word(code))))
    return pass
  }
  const rows: number[] = []
  for (let row = 0; row < batch.count; row++) {
    const family =
      families === undefined ||
      passes(familyPasses, batch.family[row] ?? 0, (text) => families.has(text === '' ? 'event' : text))
    if (
      family &&
      (types === undefined || passes(typePasses, batch.type[row] ?? 0, (text) => types.some((type) => type.test(text))))
    )
      rows.push(row)
  }
  return Uint32Array.from(rows)
}

function every(count: number): Uint32Array {
  const rows = new Uint32Array(count)
  for (let row = 0; row < count; row++) rows[row] = row
  return rows
}

function globPattern(glob: string) {
  return new RegExp(
    `^${glob
      .split(/\*+/)
      .map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )
}
