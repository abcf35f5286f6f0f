import { isKey } from '../state/keys.ts'
import { partsText } from '../text/parts.ts'

export type Place = Readonly<{
  row: number
  column: number
}>

type Extent = Readonly<{
  rows: number
  columns: number
  page: number
}>

type Move = Readonly<{
  keys: readonly string[]
  does: string
  to: (from: Place, extent: Extent) => Place
}>

export const gridMoves: readonly Move[] = [
  { keys: ['ArrowDown'], does: partsText.nextRow, to: ({ row, column }) => ({ row: row + 1, column }) },
  {
    keys: ['ArrowUp'],
    does: partsText.previousRow,
    to: ({ row, column }) => ({ row: row - 1, column }),
  },
  { keys: ['ArrowRight'], does: partsText.nextColumn, to: ({ row, column }) => ({ row, column: column + 1 }) },
  { keys: ['ArrowLeft'], does: partsText.previousColumn, to: ({ row, column }) => ({ row, column: column - 1 }) },
  {
    keys: ['PageDown'],
    does: partsText.onePageDown,
    to: ({ row, column }, { page }) => ({ row: row + page, column }),
  },
  {
    keys: ['PageUp'],
    does: partsText.onePageUp,
    to: ({ row, column }, { page }) => ({ row: Math.max(0, row - page), column }),
  },
  { keys: ['Home', 'Mod+ArrowLeft'], does: partsText.firstColumn, to: ({ row }) => ({ row, column: 0 }) },
  {
    keys: ['End', 'Mod+ArrowRight'],
    does: partsText.lastColumn,
    to: ({ row }, { columns }) => ({ row, column: columns - 1 }),
  },
  { keys: ['Mod+ArrowUp'], does: partsText.firstRow, to: ({ column }) => ({ row: 0, column }) },
  { keys: ['Mod+ArrowDown'], does: partsText.lastRow, to: ({ column }, { rows }) => ({ row: rows - 1, column }) },
  { keys: ['Mod+Home'], does: partsText.firstCell, to: () => ({ row: 0, column: 0 }) },
  {
    keys: ['Mod+End'],
    does: partsText.lastCell,
    to: (_, { rows, columns }) => ({ row: rows - 1, column: columns - 1 }),
  },
]

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey'> & Partial<Pick<KeyboardEvent, 'shiftKey' | 'altKey'>>

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
