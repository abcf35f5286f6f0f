import { Popover } from '../../parts/popover.tsx'
import type { PageState } from '../../state/use-page-state.ts'
import { presetOf, presets, withPreset } from './presets.ts'
import type { FlowsState } from './state.ts'
import { presetsText } from '../../text/presets.ts'

type PresetMenuProps = Readonly<{
  state: FlowsState
  set: PageState<FlowsState>['set']
}>

const groups = [...new Set(presets.map(({ group }) => group))]

export function PresetMenu({ state, set }: PresetMenuProps): React.ReactNode {
  const shown = presetOf(state)
  return (
    <Popover
      label={
        <>
          {shown === undefined || shown === presets[0] ? presetsText.menu : presetsText.preset(shown.title)}{' '}
          <span aria-hidden="true">▾</span>
        </>
      }
      name={presetsText.menu}
      className="preset-menu"
    >
      {(close) => (
        <>
          <p className="dim">{presetsText.hint}</p>
          {groups.map((group) => (
            <div key={group} role="group" aria-label={group}>
              <h3>{group}</h3>
              <div className="presets">
                {presets
                  .filter((preset) => preset.group === group)
                  .map((preset) => (
                    <button
                      key={preset.id}
                      type="button"
                      title={preset.hint}
                      aria-pressed={preset === shown}
                      onClick={() => {
                        set(withPreset(preset))
                        close()
                      }}
                    >
                      {preset.title}
                    </button>
                  ))}
              </div>
            </div>
          ))}
        </>
      )}
    </Popover>
  )
}
