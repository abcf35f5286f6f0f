import { useMemo, useSyncExternalStore } from 'react'

export const [narrowest, widest] = [40, 1200]

export function fitWidth(width: number): number {
  return Math.max(narrowest, Math.min(widest, Math.round(width)))
}

/** Widths in px of columns that differ from the default: `src:240,bytes:120` in a URL. */
export type Widths = Readonly<Record<string, number>>

/** Widths in px that users chose, by table and column. */
type KeptWidths = Readonly<Record<string, Widths>>

const key = 'weir-widths'
const listeners = new Set<() => void>()
let written: string | undefined

function stored(): string {
  if (written !== undefined) return written
  try {
    return (written = localStorage.getItem(key) ?? '{}')
  } catch {
    return (written = '{}')
  }
}

function read(text: string): KeptWidths {
  try {
    const stored: unknown = JSON.parse(text)
    return typeof stored === 'object' && stored !== null ? (stored as KeptWidths) : {}
  } catch {
    return {}
  }
}

function write(kept: KeptWidths): void {
  written = JSON.stringify(kept)
  try {
    localStorage.setItem(key, written)
  } catch {
    /* Without storage, widths last as long as the page. */
  }
  for (const listener of listeners) listener()
}

/** Undefined: the default width again. */
export function keepWidth(table: string, column: string, width: number | undefined): void {
  const kept = read(stored())
  const { [column]: _before, ...others } = kept[table] ?? {}
  write({ ...kept, [table]: width === undefined ? others : { ...others, [column]: width } })
}

export function forgetWidths(table: string): void {
  const { [table]: _gone, ...others } = read(stored())
  write(others)
}

type Sized = Readonly<{ id: string; width: number; grow?: number; isSized?: boolean }>

/** The columns with the widths that the user chose for this table, except those that the caller has set. */
export function useKeptWidths<Column extends Sized>(table: string, columns: readonly Column[]): readonly Column[] {
  const text = useSyncExternalStore(onKept, stored)
  return useMemo(() => {
    const kept = read(text)[table]
    return kept === undefined ? columns : columns.map((column) => withKept(column, kept[column.id]))
  }, [text, table, columns])
}

function withKept<Column extends Sized>(column: Column, kept: unknown): Column {
  return typeof kept !== 'number' || column.isSized === true ? column : { ...column, width: fitWidth(kept), grow: 0 }
}

function onKept(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/**
 * Tracks of a CSS grid. If no column grows, the last one that is not a number fills the table: a wide window has no
 * empty part.
 */
export function tracksOf(
  columns: readonly Readonly<{ id: string; width: number; grow?: number; end?: boolean }>[],
  dragged?: Readonly<{ id: string; width: number }>,
): string {
  const all = columns.map(({ id, width, grow = 0 }) =>
    id === dragged?.id ? { width: dragged.width, grow: 0 } : { width, grow },
  )
  const text = columns.findLastIndex(({ end }) => end !== true)
  const filler = all.some(({ grow }) => grow > 0) ? -1 : text === -1 ? columns.length - 1 : text
  return all
    .map(({ width, grow }, at) => (grow === 0 && at !== filler ? `${width}px` : `minmax(${width}px, ${grow || 1}fr)`))
    .join(' ')
}
