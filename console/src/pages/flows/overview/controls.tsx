import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import type { PageState } from '../../../state/use-page-state.ts'
import type { FlowsState } from '../state.ts'
import { dimensionName, measureNames } from './names.ts'
import { PanelPicker } from './picker.tsx'
import { CompareSelect } from '../compare-select.tsx'
import { auto } from '../../../state/auto.ts'
import { dimensions, measures, type Dimension } from './state.ts'
import { generalText } from '../../../text/general.ts'
import { panelsText } from './text.ts'

export function Controls({
  state,
  dim,
  set,
}: {
  state: FlowsState
  dim: Dimension
  set: PageState<FlowsState>['set']
}): React.ReactNode {
  const { dim: chosen, by, panels, focus } = state
  return (
    <>
      <LabelledSelect
        label={panelsText.groupBy}
        value={chosen}
        values={[auto, ...dimensions]}
        textOf={(dimension) =>
          dimension === auto ? generalText.automatic(dimensionName(dim)) : dimensionName(dimension)
        }
        onChange={(next) => set({ dim: next })}
      />
      <LabelledSelect
        label={panelsText.largestBy}
        value={by}
        values={measures}
        textOf={(measure) => measureNames[measure].toLowerCase()}
        onChange={(chosen) => set({ by: chosen })}
      />
      <CompareSelect state={state} set={set} />
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
