import type { Positions } from '../model/positions.ts'
import type { Folder } from './folder.ts'
import { holdsRows } from './names.ts'
import { completeSinces } from './rollup/cover.ts'
import type { Rollup } from './rollup/schema.ts'
import type { StoreState } from './state.ts'

/** What the store has accounted for, as its last durable commit says. Rows once stored stay counted after retention. */
export interface StoreLedger {
  readonly stored: Readonly<Record<string, number>>
  readonly quarantined: Readonly<Record<string, number>>
  /** stored + quarantined */
  readonly accounted: Readonly<Record<string, number>>
  readonly positions: Positions
}

export interface StoreStatus {
  readonly ledger: StoreLedger
  /** Number of the version that a query would read now. */
  readonly version: number
  /** Data files, their rows (of the journal: endpoints and rollups left out) and bytes. */
  readonly files: number
  readonly rows: number
  readonly bytes: number
  /** Files that the manifest names and that can't be read, and the rows that queries miss for it. */
  readonly unreadableFiles: number
  readonly unreadableRows: number
  /** Unix ms since when each rollup holds every flow that is stored: −Infinity when none is missing, Infinity when none is there. */
  readonly rollups: Readonly<Record<Rollup, number>>
}

export function ledgerOf({ sources, positions }: StoreState): StoreLedger {
  const each = (pick: (count: { stored: number; quarantined: number }) => number): Record<string, number> => Object.fromEntries(Object.entries(sources).map(([name, count]) => [name, pick(count)]))
  return { stored: each(({ stored }) => stored), quarantined: each(({ quarantined }) => quarantined), accounted: each(({ stored, quarantined }) => stored + quarantined), positions }
}

export function statusOf(folder: Folder): StoreStatus {
  const status = { ledger: ledgerOf(folder.durable), version: folder.state.version, files: 0, rows: 0, bytes: 0, unreadableFiles: 0, unreadableRows: 0, rollups: completeSinces([...folder.state.files.values()]) }
  for (const file of folder.state.files.values()) {
    const rows = holdsRows(file.stream) ? file.rows : 0
    status.files++
    status.rows += rows
    status.bytes += file.bytes
    if (!folder.versions.missing.has(file.name)) continue
    status.unreadableFiles++
    status.unreadableRows += rows
  }
  return status
}
