import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import type { PageState } from '../../../state/use-page-state.ts'
import type { FlowsState } from '../state.ts'
import { dimensionName, measureNames } from './names.ts'
import { PanelPicker } from './picker.tsx'
import { earlierNames } from './rates.tsx'
import { dimensions, earlier, measures } from './state.ts'
import { panelsText } from '../../../text/panels.ts'

export function Controls({
  state: { dim, by, before, panels, focus, live },
  set,
}: {
  state: FlowsState
  set: PageState<FlowsState>['set']
}): React.ReactNode {
  return (
    <>
      <LabelledSelect
        label={panelsText.groupBy}
        value={dim}
        values={dimensions}
        textOf={dimensionName}
        onChange={(chosen) => set({ dim: chosen })}
      />
      <LabelledSelect
        label={panelsText.largestBy}
        value={by}
        values={measures}
        textOf={(measure) => measureNames[measure].toLowerCase()}
        onChange={(chosen) => set({ by: chosen })}
      />
      <LabelledSelect
        label={panelsText.compareWith}
        value={before}
        values={earlier}
        textOf={(time) => earlierNames[time]}
        disabled={live}
        title={live ? panelsText.compareNeedsStore : undefined}
        onChange={(chosen) => set({ before: chosen })}
      />
      <div className="end">
        {focus !== '' && (
          <button type="button" onClick={() => set({ focus: '' })}>
            {panelsText.allPanels}
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
