import { codecOf } from '../../state/codec.ts'
import { oneOf, text } from '../../state/parts.ts'

const pipelineViews = ['picture', 'table'] as const

type PipelineState = Readonly<{
  view: (typeof pipelineViews)[number]
  sel: string
  sort: string
}>

export const pipelineCodec = codecOf<PipelineState>({
  view: oneOf(pipelineViews, 'picture'),
  sel: text(),
  sort: text('-last'),
})
