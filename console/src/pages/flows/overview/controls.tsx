import { Popover } from '../../../parts/popover.tsx'
import type { PageState } from '../../../state/use-page-state.ts'
import type { FlowsState } from '../state.ts'
import { dimensionName, measureNames } from './names.ts'
import { earlierNames } from './rates.tsx'
import { dimensions, earlier, measures, panelNames, type PanelName } from './state.ts'

export const panelTitles: Readonly<Record<PanelName, string>> = {
  bytes: 'Bytes per second', packets: 'Packets per second', talkers: 'Top talkers', pairs: 'Who sends to whom', ports: 'Destination ports', protocols: 'Protocols', exporters: 'Exporters', rtt: 'Round-trip time', dns: 'Answers of DNS',
}

/** What the panels tell apart and add up, and which there are. */
export function Controls({ state: { dim, by, before, panels, live }, set }: { readonly state: FlowsState; readonly set: PageState<FlowsState>['set'] }): React.ReactNode {
  return (
    <>
      <label className="control">By <select value={dim} onChange={(event) => set({ dim: dimensions.find((each) => each === event.target.value) ?? dim })}>{dimensions.map((each) => <option key={each} value={each}>{dimensionName(each)}</option>)}</select></label>
      <label className="control">Largest by <select value={by} onChange={(event) => set({ by: measures.find((each) => each === event.target.value) ?? by })}>{measures.map((each) => <option key={each} value={each}>{measureNames[each].toLowerCase()}</option>)}</select></label>
      <label className="control" title={live ? 'Stored flows can be compared with an earlier time' : undefined}>
        Compare with <select value={before} disabled={live} onChange={(event) => set({ before: earlier.find((each) => each === event.target.value) ?? before })}>{earlier.map((each) => <option key={each} value={each}>{earlierNames[each]}</option>)}</select>
      </label>
      <div className="end">
        <Popover label="Panels" name="Panels">
          {() => panelNames.map((name) => (
            <label key={name} className="check">
              <input type="checkbox" checked={panels.includes(name)} disabled={panels.length === 1 && panels.includes(name)} onChange={() => set({ panels: panelNames.filter((each) => (each === name) !== panels.includes(each)) })} />{panelTitles[name]}
            </label>
          ))}
        </Popover>
      </div>
    </>
  )
}
