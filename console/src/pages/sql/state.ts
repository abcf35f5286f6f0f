import { codecOf } from '../../state/codec.ts'
import { flag, oneOf, text } from '../../state/parts.ts'

export const resultViews = ['table', 'chart'] as const

export interface SqlState {
  /** The statement that was run last; every run is a step that one can go back from. */
  readonly q: string
  readonly view: (typeof resultViews)[number]
  /** Is the list of views and their columns shown? */
  readonly schema: boolean
  /** Column that sorts what is shown, `-` before it for descending; empty: as it came. */
  readonly sort: string
}

export const sqlCodec = codecOf<SqlState>({
  q: text(),
  view: oneOf(resultViews, 'table'),
  schema: flag(true),
  sort: text(),
})
