import { codecOf } from '../../../state/codec.ts'
import { flag } from '../../../state/parts.ts'
import { isMoment } from '../../../state/range.ts'
import { openChangeParts, type OpenChange } from '../../../state/open-change.ts'

export interface ResourceViewState extends OpenChange {
  /** ISO 8601, `now-1h` or `now`. */
  readonly at: string
  readonly marks: boolean
}

export const resourceCodec = codecOf<ResourceViewState>({
  at: { usual: 'now', read: (written) => (isMoment(written) ? written : undefined), write: (value) => value },
  marks: flag('on'),
  ...openChangeParts,
})
