import { operations } from './operations.ts'
import { toggled } from '../../parts/choices.ts'
import { Facets, Picker } from '../../parts/picker.tsx'
import type { PageState } from '../../state/use-page-state.ts'
import { useValues } from './queries.ts'
import type { ChangesState, Facet } from './state.ts'
import { generalText } from '../../text/general.ts'
import { changesText } from './text.ts'

type FiltersProps = Readonly<{
  state: ChangesState
  set: PageState<ChangesState>['set']
}>

const titles: Readonly<Record<Facet, string>> = {
  kind: generalText.kind,
  namespace: generalText.namespace,
  actor: generalText.actor,
  cluster: generalText.cluster,
}

export function Filters({ state, set }: FiltersProps): React.ReactNode {
  return (
    <div className="quick">
      <div role="group" aria-label={changesText.operations}>
        {operations.map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={state.operation.includes(name)}
            onClick={() => set({ operation: toggled(state.operation, name), sel: '' })}
          >
            {name}
          </button>
        ))}
      </div>
      <Facets titles={titles} chosen={state}>
        {(facet) => <Values facet={facet} state={state} set={set} />}
      </Facets>
      {(['name', 'uid'] as const).map((part) =>
        state[part].length === 0 ? null : (
          <button
            key={part}
            type="button"
            className="chip"
            aria-pressed="true"
            title={changesText.removeTheObjectFilter}
            onClick={() => set(part === 'uid' ? { uid: '', sel: '' } : { name: [], sel: '' })}
          >
            {part}: {[state[part]].flat().join(', ')} ✕
          </button>
        ),
      )}
    </div>
  )
}

function Values({ facet, state, set }: FiltersProps & { readonly facet: Facet }) {
  const { data, error } = useValues(state, state.t, facet)
  return (
    <Picker
      facet={facet}
      of="change"
      chosen={state[facet]}
      error={error}
      others={data && { groups: data.others.groups, n: data.others.changes }}
      values={data?.groups.flatMap(({ value, changes }) => (value === null ? [] : [[value, changes] as const]))}
      onChange={(values) => set({ [facet]: values, sel: '' })}
    />
  )
}
