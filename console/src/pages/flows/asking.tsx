import type { QuickFilter } from '../../../../src/api/published.ts'
import type { PageState } from '../../state/use-page-state.ts'
import type { FlowsState } from './state.ts'

interface AskingProps {
  readonly state: FlowsState
  readonly set: PageState<FlowsState>['set']
  readonly quick: readonly QuickFilter[]
}

/** Ready filters, which hold beside the one that is written, and how the whole of it is meant. */
export function Asking({ state: { quick: on, both, once }, set, quick }: AskingProps): React.ReactNode {
  const toggle = (name: string): void =>
    set({ quick: on.includes(name) ? on.filter((each) => each !== name) : [...on, name], sel: '' })
  return (
    <div className="quick">
      <div role="group" aria-label="Quick filters">
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
      <div role="group" aria-label="How flows are counted">
        <button
          type="button"
          className="chip"
          aria-pressed={both}
          title="Also flows that match with source and destination exchanged"
          onClick={() => set({ both: !both, sel: '' })}
        >
          Both ways
        </button>
        <button
          type="button"
          className="chip"
          aria-pressed={once}
          title="A flow that two nodes report counts once: as its destination reports it"
          onClick={() => set({ once: !once, sel: '' })}
        >
          Each flow once
        </button>
      </div>
    </div>
  )
}
