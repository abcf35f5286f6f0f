import { Popover } from '../../../parts/popover.tsx'
import { tops, type PanelLook } from './state.ts'

interface PanelMenuProps {
  readonly name: string
  readonly look: PanelLook
  /** Has the panel a line for the total that can be left out? */
  readonly hasTotal: boolean
  readonly onChange: (look: PanelLook) => void
  readonly onHide: () => void
}

/** How a panel is shown; it stands in the address. */
export function PanelMenu({ name, look, hasTotal, onChange, onHide }: PanelMenuProps): React.ReactNode {
  return (
    <Popover label={<><span aria-hidden="true">⋯</span><span className="spoken">Settings of {name}</span></>} name={`Settings of ${name}`} className="panel-menu">
      {(close) => (
        <>
          <div className="line" role="group" aria-label="So many are told apart">
            Top
            <span className="tops">{tops.map((top) => <button key={top} type="button" aria-pressed={top === look.top} onClick={() => onChange({ ...look, top })}>{top}</button>)}</span>
          </div>
          <label className="check"><input type="checkbox" checked={look.others} onChange={() => onChange({ ...look, others: !look.others })} />Draw the others</label>
          {hasTotal && <label className="check"><input type="checkbox" checked={look.total} onChange={() => onChange({ ...look, total: !look.total })} />Draw the total</label>}
          <button type="button" onClick={() => { close(); onHide() }}>Hide this panel</button>
        </>
      )}
    </Popover>
  )
}
