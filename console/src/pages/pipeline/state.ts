import { codecOf } from '../../state/codec.ts'
import { oneOf, text } from '../../state/parts.ts'

export const pipelineViews = ['picture', 'table'] as const

export interface PipelineState {
  readonly view: (typeof pipelineViews)[number]
  /** What is open beside: `source:netflow`, `sink:store`, `journal`, `exporter:netflow/192.0.2.1`; empty: nothing. */
  readonly sel: string
  /** Column that sorts the exporters, `-` before it for descending. */
  readonly sort: string
}

export const pipelineCodec = codecOf<PipelineState>({
  view: oneOf(pipelineViews, 'picture'),
  sel: text(),
  sort: text('-last'),
})
