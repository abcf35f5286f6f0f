import type { Query } from '../../api/client.ts'
import { inventoryFacets, type InventoryFacet } from '../../parts/cloud/requests.ts'
import { codecOf } from '../../state/codec.ts'
import { range, type Range } from '../../state/range.ts'
import { listText, oneOf, text, textList } from '../../state/parts.ts'

export const lists = ['resources', 'findings', 'comparison'] as const

export interface InventoryState extends Readonly<Record<InventoryFacet, readonly string[]>> {
  readonly list: (typeof lists)[number]
  /** Times of the comparison. */
  readonly between: Range
  readonly q: string
  /** Reference of the open resource. */
  readonly sel: string
}

const list = textList()

export const inventoryCodec = codecOf<InventoryState>({
  list: oneOf(lists, 'resources'),
  between: range({ from: 'now-1d', to: 'now' }),
  q: text(),
  provider: list,
  account: list,
  region: list,
  type: list,
  state: list,
  finding: list,
  sel: text(),
})

export const noFilter = { q: '', provider: [], account: [], region: [], type: [], state: [], finding: [] } as const

export function isFiltered(state: InventoryState): boolean {
  return state.q !== '' || inventoryFacets.some((facet) => state[facet].length > 0)
}

/** Parameters of the API. */
export function selectionOf(state: InventoryState): Query {
  const conditions = [
    ...(state.q === '' ? [] : [`(${state.q})`]),
    ...(state.list === 'findings' ? ['exists(finding)'] : []),
  ]
  return {
    filter: conditions.join(' and '),
    ...Object.fromEntries(inventoryFacets.map((facet) => [facet, listText(state[facet])])),
  }
}
