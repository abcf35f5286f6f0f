import { codecOf } from '../../state/codec.ts'
import { flag, oneOf, text } from '../../state/parts.ts'

const resultViews = ['table', 'chart'] as const

interface SqlState {
  /** The last statement; each run is a step in the browser history. */
  readonly q: string
  readonly view: (typeof resultViews)[number]
  readonly schema: boolean
  readonly sort: string
}

export const sqlCodec = codecOf<SqlState>({
  q: text(),
  view: oneOf(resultViews, 'table'),
  schema: flag(true),
  sort: text(),
})
