import { codecOf } from '../../state/codec.ts'
import { oneOf, text } from '../../state/parts.ts'

const pipelineViews = ['picture', 'table'] as const

type PipelineState = Readonly<{
  view: (typeof pipelineViews)[number]
  /** The open component: `source:netflow`, `sink:store`, `journal`, `exporter:netflow/192.0.2.1`; empty: none. */
  sel: string
  sort: string
}>

export const pipelineCodec = codecOf<PipelineState>({
  view: oneOf(pipelineViews, 'picture'),
  sel: text(),
  sort: text('-last'),
})
