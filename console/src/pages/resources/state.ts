import { codecOf } from '../../state/codec.ts'
import { text } from '../../state/parts.ts'
import { isMoment } from '../../state/range.ts'
import { quickNames } from '../flows/parts-of-state.ts'

export interface ResourcesState {
  /** Found in name, namespace, kind, node, owner or labels. */
  readonly q: string
  readonly kind: readonly string[]
  readonly namespace: readonly string[]
  /** As they were then. */
  readonly at: string
}

export const resourcesCodec = codecOf<ResourcesState>({
  q: text(),
  kind: quickNames(),
  namespace: quickNames(),
  at: { usual: 'now', read: (written) => (isMoment(written) ? written : undefined), write: (value) => value },
})

/** Those that are looked for most. */
export const usualKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Service', 'Node', 'Namespace'] as const
