import { columnsOfGrid } from '../../../parts/dashboards/definition.ts'
import { dashboardsText } from '../text.ts'

type PanelActsProps = Readonly<{
  name: string
  width: number
  onMove: (by: number) => void
  onWidth: (width: number) => void
  onCopy: () => void
  onRemove: () => void
}>

/** Fonts may lack a sign. */
const copyMark = (
  <svg width="11" height="11" viewBox="0 0 11 11" fill="none" stroke="currentColor">
    <path d="M3.5 3.5h7v7h-7zM7.5 3.5v-3h-7v7h3" />
  </svg>
)

/** Buttons instead of dragging, for the keyboard as well. */
export function PanelActs({ name, width, onMove, onWidth, onCopy, onRemove }: PanelActsProps): React.ReactNode {
  const act = (
    mark: React.ReactNode,
    label: string,
    run: () => void,
    attributes: Readonly<{ disabled?: boolean }> = {},
  ): React.ReactNode => (
    <button type="button" className="quiet" title={label} aria-label={label} onClick={run} {...attributes}>
      <span aria-hidden="true">{mark}</span>
    </button>
  )
  return (
    <span className="panel-acts">
      {act('←', dashboardsText.earlier(name), () => onMove(-1))}
      {act('→', dashboardsText.later(name), () => onMove(1))}
      {act('−', dashboardsText.narrower(name), () => onWidth(width - 1), { disabled: width === 1 })}
      {act('+', dashboardsText.wider(name), () => onWidth(width + 1), { disabled: width === columnsOfGrid })}
      {act(copyMark, dashboardsText.copy(name), onCopy)}
      {act('✕', dashboardsText.remove(name), onRemove)}
    </span>
  )
}
