import type { QuickFilter } from '../../../../src/api/published.ts'
import type { PageState } from '../../state/use-page-state.ts'
import type { FlowsState } from './state.ts'
import { flowsText } from '../../parts/flows/text.ts'

type FilterOptionsProps = Readonly<{
  state: FlowsState
  set: PageState<FlowsState>['set']
  quick: readonly QuickFilter[]
}>

export function FilterOptions({ state: { quick: on, both, once }, set, quick }: FilterOptionsProps): React.ReactNode {
  const toggle = (name: string) =>
    set({ quick: on.includes(name) ? on.filter((quick) => quick !== name) : [...on, name], sel: '' })
  return (
    <div className="quick">
      <div role="group" aria-label={flowsText.quickFilters}>
        {quick.map(({ name, filter }) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={on.includes(name)}
            title={filter}
            onClick={() => toggle(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="group" aria-label={flowsText.counting}>
        <button
          type="button"
          className="chip"
          aria-pressed={both}
          title={flowsText.bothWaysHint}
          onClick={() => set({ both: !both, sel: '' })}
        >
          {flowsText.bothWays}
        </button>
        <button
          type="button"
          className="chip"
          aria-pressed={once}
          title={flowsText.eachFlowOnceHint}
          onClick={() => set({ once: !once, sel: '' })}
        >
          {flowsText.eachFlowOnce}
        </button>
      </div>
    </div>
  )
}
