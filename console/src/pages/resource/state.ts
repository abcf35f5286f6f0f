import { codecOf } from '../../state/codec.ts'
import { text } from '../../state/parts.ts'
import { isMoment } from '../../state/range.ts'

export interface ResourceViewState {
  /** What it was then: ISO 8601 or `now-1h`; `now` goes on with the time. */
  readonly at: string
  /** Position of the change that is open; empty: none. */
  readonly sel: string
}

export const resourceCodec = codecOf<ResourceViewState>({
  at: { usual: 'now', read: (written) => (isMoment(written) ? written : undefined), write: (value) => value },
  sel: text(),
})
