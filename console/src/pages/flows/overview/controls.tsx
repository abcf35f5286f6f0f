import type { PageState } from '../../../state/use-page-state.ts'
import type { FlowsState } from '../state.ts'
import { dimensionName, measureNames } from './names.ts'
import { PanelPicker } from './picker.tsx'
import { earlierNames } from './rates.tsx'
import { dimensions, earlier, measures } from './state.ts'
import { overviewText } from '../../../text/overview.ts'

export function Controls({
  state: { dim, by, before, panels, focus, live },
  set,
}: Readonly<{ state: FlowsState; set: PageState<FlowsState>['set'] }>): React.ReactNode {
  return (
    <>
      <label className="control">
        {overviewText.groupBy}{' '}
        <select
          value={dim}
          onChange={(event) => set({ dim: dimensions.find((each) => each === event.target.value) ?? dim })}
        >
          {dimensions.map((each) => (
            <option key={each} value={each}>
              {dimensionName(each)}
            </option>
          ))}
        </select>
      </label>
      <label className="control">
        {overviewText.largestBy}{' '}
        <select
          value={by}
          onChange={(event) => set({ by: measures.find((each) => each === event.target.value) ?? by })}
        >
          {measures.map((each) => (
            <option key={each} value={each}>
              {measureNames[each].toLowerCase()}
            </option>
          ))}
        </select>
      </label>
      <label className="control" title={live ? overviewText.compareNeedsStore : undefined}>
        {overviewText.compareWith}{' '}
        <select
          value={before}
          disabled={live}
          onChange={(event) => set({ before: earlier.find((each) => each === event.target.value) ?? before })}
        >
          {earlier.map((each) => (
            <option key={each} value={each}>
              {earlierNames[each]}
            </option>
          ))}
        </select>
      </label>
      <div className="end">
        {focus !== '' && (
          <button type="button" onClick={() => set({ focus: '' })}>
            {overviewText.allPanels}
          </button>
        )}
        <PanelPicker
          panels={panels}
          onChange={(next) => set({ panels: next, ...(focus !== '' && !next.includes(focus) ? { focus: '' } : {}) })}
        />
      </div>
    </>
  )
}
