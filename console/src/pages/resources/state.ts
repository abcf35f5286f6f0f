import { codecOf } from '../../state/codec.ts'
import { isMoment } from '../../state/range.ts'
import { filterPart } from '../../parts/filter-text.ts'
import { textList } from '../../state/parts.ts'

export interface ResourcesState {
  /** The filter. */
  readonly q: string
  readonly kind: readonly string[]
  readonly namespace: readonly string[]
  /** As they were then. */
  readonly at: string
}

export const resourcesCodec = codecOf<ResourcesState>({
  q: filterPart(),
  kind: textList(),
  namespace: textList(),
  at: { usual: 'now', read: (written) => (isMoment(written) ? written : undefined), write: (value) => value },
})

/** Those that are looked for most. */
export const usualKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Service', 'Node', 'Namespace'] as const
