import { codecOf } from '../../state/codec.ts'
import { isMoment } from '../../state/range.ts'
import { text, textList } from '../../state/parts.ts'

export type ResourcesState = Readonly<{
  q: string
  kind: readonly string[]
  namespace: readonly string[]
  at: string
}>

export const resourcesCodec = codecOf<ResourcesState>({
  q: text(),
  kind: textList(),
  namespace: textList(),
  at: { usual: 'now', read: (written) => (isMoment(written) ? written : undefined), write: (value) => value },
})

export const commonKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Service', 'Node', 'Namespace'] as const
