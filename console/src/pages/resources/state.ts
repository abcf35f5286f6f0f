import { codecOf } from '../../state/codec.ts'
import { isMoment } from '../../state/range.ts'
import { filterText } from '../changes/state.ts'
import { quickNames } from '../flows/parts-of-state.ts'

export interface ResourcesState {
  /** The filter. */
  readonly q: string
  readonly kind: readonly string[]
  readonly namespace: readonly string[]
  /** As they were then. */
  readonly at: string
}

export const resourcesCodec = codecOf<ResourcesState>({
  q: filterText(),
  kind: quickNames(),
  namespace: quickNames(),
  at: { usual: 'now', read: (written) => (isMoment(written) ? written : undefined), write: (value) => value },
})

/** Those that are looked for most. */
export const usualKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Service', 'Node', 'Namespace'] as const
