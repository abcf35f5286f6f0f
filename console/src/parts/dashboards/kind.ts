import type { Fields } from '../../../../src/api/published.ts'
import type { Loadable } from '../../hooks/use-loaded.ts'
import type { Dashboard, Panel, PanelView } from './definition.ts'
import type { FilterNames } from '../suggestions.ts'
import type { Range } from '../../state/range.ts'

export type PanelProps = Readonly<{
  panel: Panel
  title: string
  /** With the values of variables. */
  filter: string
  variables: Dashboard['variables']
  t: Range
  revision: number
  onBrush: (from: number, to: number) => void
}>

/** Settings in the editor besides title, width and time range, in their order. */
export type FieldName =
  | 'view'
  | 'filter'
  | 'group'
  | 'by'
  | 'limit'
  | 'scope'
  | 'sql'
  | 'queries'
  | 'unit'
  | 'stack'
  | 'bounds'
  | 'thresholds'
  | 'text'

/** A folder: its description in `index.ts`, and `panel.tsx` in a chunk that loads with the first panel. */
export type PanelKind = Readonly<{
  title: string
  hint: string
  /** The usual one first; empty: it has one view. */
  views: readonly PanelView[]
  fieldsOf: (panel: Panel) => readonly FieldName[]
  /** Fields of the filter, and their table. */
  names?: FilterNames
  table?: keyof Fields['views']
  /** Offered for `group`; absent: the fields of the table, several of them. */
  groups?: readonly string[]
  /** Names of `select` that the editor offers, and their values; empty: any. */
  select?: Readonly<Record<string, readonly string[]>>
  /** Of a name of `select`; absent: the name. */
  selectLabel?: (name: string) => string
  /** Settings of a new panel. */
  usual: Partial<Panel>
  body: Loadable<PanelProps>
}>
