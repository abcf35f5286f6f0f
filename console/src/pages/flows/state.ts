import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag, names, oneOf, text } from '../../state/parts.ts'
import { usualColumns } from './usual.ts'

/** The tabs of the page; each is a file beside this one. */
export const flowViews = ['table'] as const
export type FlowView = (typeof flowViews)[number]

export interface FlowsState extends Frame {
  readonly view: FlowView
  /** The filter. */
  readonly q: string
  /** Also rows that match with source and destination exchanged. */
  readonly both: boolean
  /** Ids of the table's columns, in order. */
  readonly cols: readonly string[]
  /** Id of the column that sorts, `-` before it for descending; empty: newest first. */
  readonly sort: string
  /** Id of the record that is open beside the table; empty: none. */
  readonly sel: string
}

export const flowsCodec = codecOf<FlowsState>({
  ...frameParts,
  view: oneOf(flowViews, 'table'),
  q: text(),
  both: flag(false),
  cols: names(usualColumns),
  sort: text(),
  sel: text(),
})
