import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag, names, oneOf, text, textList } from '../../state/parts.ts'
import type { Widths } from '../../parts/grid-widths.ts'
import { columnWidths, fieldNames } from './parameters.ts'
import { overviewParts, type OverviewState } from './overview/state.ts'
import { conversationsParts, type ConversationsState } from './conversations/state.ts'
import { topologyParts, type TopologyState } from './topology/state.ts'
import { defaultColumns } from '../../parts/flows/default-columns.ts'

export const flowViews = ['overview', 'table', 'conversations', 'topology'] as const
export type FlowView = (typeof flowViews)[number]

export interface FlowsState extends Frame, OverviewState, ConversationsState, TopologyState {
  readonly view: FlowView
  readonly q: string
  readonly both: boolean
  readonly once: boolean
  readonly quick: readonly string[]
  readonly group: readonly string[]
  readonly cols: readonly string[]
  readonly w: Widths
  readonly sort: string
  readonly sel: string
  readonly marks: boolean
  /** `pos` of the open mark; `audit:` before that of an audit event. */
  readonly mark: string
  readonly why: boolean
}

export interface ShownFlows extends FlowsState {
  readonly filter: string
}

export const flowsCodec = codecOf<FlowsState>({
  ...frameParts,
  view: oneOf(flowViews, 'table'),
  q: text(),
  both: flag('off'),
  once: flag('off'),
  quick: textList(),
  group: fieldNames(),
  cols: names(defaultColumns),
  w: columnWidths(),
  sort: text(),
  sel: text(),
  marks: flag('on'),
  mark: text(),
  why: flag('off'),
  ...overviewParts,
  ...conversationsParts,
  ...topologyParts,
})
