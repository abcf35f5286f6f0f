import type { Change } from '../api/objects.ts'
import type { Trace } from '../api/traces.ts'
import type { ChangeView } from '../state/open-change.ts'
import { TraceDrawer } from './audit/trace.tsx'
import { ChangeDrawer } from './objects/change.tsx'

type RecordDrawerProps = Readonly<{
  is: 'change' | 'audit'
  /** Empty: none is open. */
  of: string
  /** Changes and traces that the list already has. */
  known?: Readonly<{ changes?: readonly Change[]; traces?: readonly Trace[] }>
  as: ChangeView
  onAs: (as: ChangeView) => void
  onClose: () => void
}>

/** The drawer of a change or an audit event, by its position. */
export function RecordDrawer({ is, of, known, as, onAs, onClose }: RecordDrawerProps): React.ReactNode {
  if (of === '') return null
  if (is === 'audit')
    return <TraceDrawer of={of} known={known?.traces?.find(({ pos }) => pos === of)} onClose={onClose} />
  const change = known?.changes?.find(({ pos }) => pos === of)
  return <ChangeDrawer of={of} known={change} as={as} onAs={onAs} onClose={onClose} />
}
