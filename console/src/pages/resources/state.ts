import { codecOf } from '../../state/codec.ts'
import { isMoment } from '../../state/range.ts'
import { flag, text, textList } from '../../state/parts.ts'

export type ResourcesState = Readonly<{
  q: string
  kind: readonly string[]
  namespace: readonly string[]
  at: string
  /** ReplicaSets without pods. */
  old: boolean
}>

export const resourcesCodec = codecOf<ResourcesState>({
  q: text(),
  kind: textList(),
  namespace: textList(),
  old: flag('off'),
  at: { usual: 'now', read: (written) => (isMoment(written) ? written : undefined), write: (value) => value },
})

export const commonKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Service', 'Node', 'Namespace'] as const
