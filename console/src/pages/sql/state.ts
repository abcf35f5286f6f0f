import { codecOf } from '../../state/codec.ts'
import { flag, oneOf, text } from '../../state/parts.ts'

const resultViews = ['table', 'chart'] as const

type SqlState = Readonly<{
  q: string
  view: (typeof resultViews)[number]
  schema: boolean
  sort: string
}>

export const sqlCodec = codecOf<SqlState>({
  q: text(),
  view: oneOf(resultViews, 'table'),
  schema: flag('on'),
  sort: text(),
})
