/** A cell; row -1 is the heading. */
export interface Place {
  readonly row: number
  readonly column: number
}

interface Extent {
  readonly rows: number
  readonly columns: number
  /** Rows that are in sight at once. */
  readonly page: number
}

/** Where a key leads from a cell, as grids do; undefined for a key that moves nothing. */
export function moved({ row, column }: Place, { key, ctrlKey, metaKey }: { readonly key: string; readonly ctrlKey: boolean; readonly metaKey: boolean }, { rows, columns, page }: Extent): Place | undefined {
  const all = ctrlKey || metaKey
  const to = (toRow: number, toColumn: number): Place => ({ row: Math.max(-1, Math.min(rows - 1, toRow)), column: Math.max(0, Math.min(columns - 1, toColumn)) })
  switch (key) {
    case 'ArrowDown': return to(all ? rows - 1 : row + 1, column)
    case 'ArrowUp': return to(all ? 0 : row - 1, column)
    case 'ArrowRight': return to(row, all ? columns - 1 : column + 1)
    case 'ArrowLeft': return to(row, all ? 0 : column - 1)
    case 'Home': return all ? to(0, 0) : to(row, 0)
    case 'End': return all ? to(rows - 1, columns - 1) : to(row, columns - 1)
    case 'PageDown': return to(row + page, column)
    case 'PageUp': return to(Math.max(0, row - page), column)
    default: return undefined
  }
}
