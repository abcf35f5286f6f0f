import { useMemo } from 'react'
import { rangeCommands, useCommands } from '../../app/commands.ts'
import { flowsText } from '../../parts/flows/text.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { generalText } from '../../text/general.ts'
import { presetsText } from '../../text/presets.ts'
import { defaultGroups } from './groups.ts'
import { presets, withPreset } from './presets.ts'
import type { FlowsState } from './state.ts'

/** Commands of the palette. */
export function useFlowCommands(state: FlowsState, set: PageState<FlowsState>['set']): void {
  useCommands(
    useMemo(
      () => [
        {
          name: state.live ? flowsText.showStoredFlows : flowsText.showFlowsLive,
          run: () => set({ live: !state.live, sort: '' }),
        },
        {
          name: flowsText.noGrouping,
          words: flowsText.noGroupingWords,
          run: () => set({ view: 'table', group: [] }),
        },
        ...defaultGroups.map(({ title, fields: group }) => ({
          name: flowsText.groupByField(title),
          words: flowsText.groupWords,
          run: () => set({ view: 'table', group, sel: '' }),
        })),
        ...presets.map((preset) => ({
          name: presetsText.preset(preset.title),
          words: presetsText.words,
          run: () => set(withPreset(preset)),
        })),
        {
          name: state.both ? flowsText.oneDirectionOnly : flowsText.bothWays,
          words: flowsText.bothWaysWords,
          run: () => set({ both: !state.both, sel: '' }),
        },
        {
          name: state.once ? flowsText.everyReport : flowsText.eachFlowOnce,
          words: flowsText.eachFlowOnceWords,
          run: () => set({ once: !state.once, sel: '' }),
        },
        {
          name: generalText.clearFilter,
          words: flowsText.quickFiltersInText,
          run: () => set({ q: '', quick: [], sel: '' }),
        },
        ...rangeCommands((t) => set({ t })),
      ],
      [state.live, state.both, state.once, set],
    ),
  )
}
