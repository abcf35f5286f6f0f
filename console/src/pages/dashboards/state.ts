import { codecOf, type Part } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag } from '../../state/parts.ts'
import { range } from '../../state/range.ts'
import { newDashboard, readDashboard, writeDashboard, type Dashboard } from './definition.ts'

interface DashboardsState extends Frame {
  /** The dashboard itself: a saved view is a saved dashboard. */
  readonly d: Dashboard
  readonly edit: boolean
}

const dashboard: Part<Dashboard> = {
  usual: newDashboard,
  read: (written) => {
    try {
      return readDashboard(written)
    } catch {
      return undefined
    }
  },
  write: writeDashboard,
}

export const dashboardsCodec = codecOf<DashboardsState>({
  ...frameParts,
  t: range({ from: 'now-1h', to: 'now' }),
  d: dashboard,
  edit: flag(false),
})
