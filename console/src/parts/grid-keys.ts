import { isKey } from '../state/keys.ts'

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

/** A key of grids, what it does, and where it leads. What lies outside is brought to the edge. */
export interface Move {
  readonly keys: readonly string[]
  readonly does: string
  readonly to: (from: Place, extent: Extent) => Place
}

export const gridMoves: readonly Move[] = [
  { keys: ['ArrowDown'], does: 'next row', to: ({ row, column }) => ({ row: row + 1, column }) },
  {
    keys: ['ArrowUp'],
    does: 'row before, and the heading above the first',
    to: ({ row, column }) => ({ row: row - 1, column }),
  },
  { keys: ['ArrowRight'], does: 'next column', to: ({ row, column }) => ({ row, column: column + 1 }) },
  { keys: ['ArrowLeft'], does: 'column before', to: ({ row, column }) => ({ row, column: column - 1 }) },
  {
    keys: ['PageDown'],
    does: 'as many rows on as are in sight',
    to: ({ row, column }, { page }) => ({ row: row + page, column }),
  },
  {
    keys: ['PageUp'],
    does: 'as many rows back',
    to: ({ row, column }, { page }) => ({ row: Math.max(0, row - page), column }),
  },
  { keys: ['Home', 'Mod+ArrowLeft'], does: 'first column', to: ({ row }) => ({ row, column: 0 }) },
  {
    keys: ['End', 'Mod+ArrowRight'],
    does: 'last column',
    to: ({ row }, { columns }) => ({ row, column: columns - 1 }),
  },
  { keys: ['Mod+ArrowUp'], does: 'first row', to: ({ column }) => ({ row: 0, column }) },
  { keys: ['Mod+ArrowDown'], does: 'last row', to: ({ column }, { rows }) => ({ row: rows - 1, column }) },
  { keys: ['Mod+Home'], does: 'first cell', to: () => ({ row: 0, column: 0 }) },
  { keys: ['Mod+End'], does: 'last cell', to: (_, { rows, columns }) => ({ row: rows - 1, column: columns - 1 }) },
]

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey'> & Partial<Pick<KeyboardEvent, 'shiftKey' | 'altKey'>>

/** Where a key leads from a cell, as grids do; undefined for a key that moves nothing. */
export function moved(
  from: Place,
  { key, ctrlKey, metaKey, shiftKey = false, altKey = false }: Pressed,
  extent: Extent,
): Place | undefined {
  const move = gridMoves.find(({ keys }) =>
    keys.some((written) => isKey({ key, ctrlKey, metaKey, shiftKey, altKey }, written)),
  )
  if (move === undefined) return undefined
  const { row, column } = move.to(from, extent)
  return {
    row: Math.max(-1, Math.min(extent.rows - 1, row)),
    column: Math.max(0, Math.min(extent.columns - 1, column)),
  }
}
