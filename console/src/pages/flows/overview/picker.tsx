import { Popover } from '../../../parts/popover.tsx'
import { panelKinds } from './kinds.ts'
import { panelNames, defaultPanels, type PanelName } from './state.ts'
import { panelsText } from './text.ts'

type PickerProps = Readonly<{
  panels: readonly PanelName[]
  onChange: (panels: readonly PanelName[]) => void
}>

const titleOf = (name: PanelName) => (name === 'talkers' ? panelsText.talkersHint : panelKinds[name].title)

export function PanelPicker({ panels, onChange }: PickerProps): React.ReactNode {
  const hidden = panelNames.filter((name) => !panels.includes(name))
  const moved = (at: number, by: -1 | 1) => {
    const next = [...panels]
    const [name] = next.splice(at, 1)
    if (name !== undefined) next.splice(at + by, 0, name)
    onChange(next)
  }
  return (
    <Popover
      label={
        <>
          {panelsText.panels} <span aria-hidden="true">▾</span>
        </>
      }
      name={panelsText.panels}
      className="panel-picker"
    >
      {() => (
        <>
          <button type="button" onClick={() => onChange(defaultPanels)}>
            {panelsText.reset}
          </button>
          <ul>
            {panels.map((name, at) => (
              <li key={name}>
                <label className="check">
                  <input
                    type="checkbox"
                    checked
                    disabled={panels.length === 1}
                    onChange={() => onChange(panels.filter((panel) => panel !== name))}
                  />
                  {titleOf(name)}
                </label>
                <button
                  type="button"
                  className="quiet"
                  disabled={at === 0}
                  aria-label={panelsText.moveUp(titleOf(name))}
                  onClick={() => moved(at, -1)}
                >
                  ↑
                </button>
                <button
                  type="button"
                  className="quiet"
                  disabled={at === panels.length - 1}
                  aria-label={panelsText.moveDown(titleOf(name))}
                  onClick={() => moved(at, 1)}
                >
                  ↓
                </button>
              </li>
            ))}
            {hidden.map((name) => (
              <li key={name}>
                <label className="check">
                  <input type="checkbox" checked={false} onChange={() => onChange([...panels, name])} />
                  {titleOf(name)}
                </label>
              </li>
            ))}
          </ul>
        </>
      )}
    </Popover>
  )
}
