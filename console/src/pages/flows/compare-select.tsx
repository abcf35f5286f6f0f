import { LabelledSelect } from '../../parts/labelled-select.tsx'
import type { PageState } from '../../state/use-page-state.ts'
import { earlierNames } from './overview/earlier-names.ts'
import { earlier } from './overview/state.ts'
import type { FlowsState } from './state.ts'
import { panelsText } from './overview/text.ts'
import { generalText } from '../../text/general.ts'

export function CompareSelect({
  state: { before, live },
  set,
}: {
  state: Pick<FlowsState, 'before' | 'live'>
  set: PageState<FlowsState>['set']
}): React.ReactNode {
  return (
    <LabelledSelect
      label={generalText.compareWith}
      labelAs="spoken"
      value={before}
      values={earlier}
      textOf={(time) => earlierNames[time]}
      disabled={live}
      title={live ? panelsText.compareNeedsStore : undefined}
      onChange={(chosen) => set({ before: chosen })}
    />
  )
}
