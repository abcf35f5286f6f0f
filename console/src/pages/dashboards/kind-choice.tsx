import { panelKinds, type Panel } from '../../parts/dashboards/definition.ts'
import { kinds } from '../../app/panel-kinds.ts'
import { dashboardsText } from './text.ts'

/** A button per kind: a panel is one action. */
export function KindChoice({ onAdd }: { onAdd: (kind: Panel['kind']) => void }): React.ReactNode {
  return (
    <div className="page-line kind-choice" role="group" aria-label={dashboardsText.addPanel}>
      <span className="dim">{dashboardsText.addPanel}</span>
      {panelKinds.map((kind) => (
        <button key={kind} type="button" className="chip" title={kinds[kind].hint} onClick={() => onAdd(kind)}>
          {kinds[kind].title}
        </button>
      ))}
    </div>
  )
}
