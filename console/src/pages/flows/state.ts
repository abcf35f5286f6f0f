import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag, names, oneOf, text, textList } from '../../state/parts.ts'
import { columnWidths, fieldNames, type Widths } from './parts-of-state.ts'
import { overviewParts, type OverviewState } from './overview/state.ts'
import { topologyParts, type TopologyState } from './topology/state.ts'
import { usualColumns } from './usual.ts'

/** The tabs of the page, in order; each is a file or a folder beside this one. */
export const flowViews = ['overview', 'table', 'topology'] as const
export type FlowView = (typeof flowViews)[number]

export interface FlowsState extends Frame, OverviewState, TopologyState {
  readonly view: FlowView
  /** The filter. */
  readonly q: string
  /** Also rows that match with source and destination exchanged. */
  readonly both: boolean
  /** A flow that two nodes report counts once. */
  readonly once: boolean
  /** Names of the quick filters that are on. */
  readonly quick: readonly string[]
  /** Fields by whose values the table groups flows; none: single flows. */
  readonly group: readonly string[]
  /** Ids of the table's columns, in order. */
  readonly cols: readonly string[]
  /** Widths of columns that are not as usual, in px by id. */
  readonly w: Widths
  /** Id of the column that sorts, `-` before it for descending; empty: newest first. */
  readonly sort: string
  /** Id of the record that is open beside the table; empty: none. */
  readonly sel: string
}

/** What the views are shown: `filter` is the whole of it, what was typed and the quick filters that are on. */
export interface ShownFlows extends FlowsState {
  readonly filter: string
}

export const flowsCodec = codecOf<FlowsState>({
  ...frameParts,
  view: oneOf(flowViews, 'table'),
  q: text(),
  both: flag(false),
  once: flag(false),
  quick: textList(),
  group: fieldNames(),
  cols: names(usualColumns),
  w: columnWidths(),
  sort: text(),
  sel: text(),
  ...overviewParts,
  ...topologyParts,
})
