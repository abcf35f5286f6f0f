import { codecOf, type Part } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { flag, text } from '../../state/parts.ts'
import { range } from '../../state/range.ts'
import { newDashboard, readDashboard, writeDashboard, type Dashboard } from '../../parts/dashboards/definition.ts'

export interface DashboardsState extends Frame {
  /** The dashboard itself: a saved view is a saved dashboard. Empty: that of `id`, or the list. */
  readonly d: Dashboard
  /** Of the saved view that it was opened from. */
  readonly id: string
  /** `changed` of that version. */
  readonly was: string
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
  id: text(),
  was: text(),
  edit: flag('off'),
})

/** Servers refuse longer URLs. */
export const maxUrl = 16_000
