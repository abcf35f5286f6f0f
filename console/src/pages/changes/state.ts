import { foundIn } from '../../parts/filter-text.ts'
import { codecOf, type Part } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag, oneOf, text } from '../../state/parts.ts'
import { range } from '../../state/range.ts'
import { quickNames } from '../flows/parts-of-state.ts'

export const groupings = ['operation', 'kind', 'namespace', 'actor'] as const
export type Grouping = (typeof groupings)[number]

/** What can be chosen from the values that there are. */
export const facets = ['kind', 'namespace', 'actor', 'cluster'] as const
export type Facet = (typeof facets)[number]

export const operations = ['created', 'updated', 'deleted'] as const

/** What changes are asked for: each list holds any of its values, empty any at all. */
export interface ChangeFilter extends Readonly<Record<Facet | 'operation' | 'name', readonly string[]>> {
  /** The filter. */
  readonly q: string
  /** Id of one object; empty: of any. */
  readonly uid: string
  /** Also those that rules of noise hide. */
  readonly noise: boolean
}

/** How an open change is shown: the places that changed, or the whole object as text. */
export const changeViews = ['diff', 'before', 'after'] as const
export type ChangeView = (typeof changeViews)[number]

export interface OpenChange {
  /** Position of the change that is open; empty: none. */
  readonly sel: string
  readonly as: ChangeView
}

export const openChangeParts = { sel: text(), as: oneOf(changeViews, 'diff') } as const

export interface ChangesState extends Frame, ChangeFilter, OpenChange {
  /** What the timeline tells apart. */
  readonly by: Grouping
  /** Is drawn what flowed meanwhile? */
  readonly traffic: boolean
}

/** A filter; links from before there was one have words here. */
export const filterText = (): Part<string> => ({ ...text(), read: foundIn })
const list = (): Part<readonly string[]> => quickNames()

export const changesCodec = codecOf<ChangesState>({
  ...frameParts,
  t: range({ from: 'now-1d', to: 'now' }),
  q: filterText(),
  operation: list(),
  kind: list(),
  namespace: list(),
  name: list(),
  actor: list(),
  cluster: list(),
  uid: text(),
  noise: flag(false),
  by: oneOf(groupings, 'operation'),
  traffic: flag(true),
  ...openChangeParts,
})

/** Is anything left out because somebody asked for that? */
export function isFiltered({ q, uid, operation, kind, namespace, name, actor, cluster }: ChangeFilter): boolean {
  return q !== '' || uid !== '' || [operation, kind, namespace, name, actor, cluster].some((values) => values.length > 0)
}

export const noFilter = { q: '', uid: '', operation: [], kind: [], namespace: [], name: [], actor: [], cluster: [] } as const satisfies Partial<ChangesState>
