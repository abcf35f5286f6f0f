import { useTraceSums } from '../../api/trace-queries.ts'
import { notTold, valueText } from '../../parts/audit/values.ts'
import { Facets, Picker } from '../../parts/picker.tsx'
import type { PageState } from '../../state/use-page-state.ts'
import { traceQuery } from './ask.ts'
import type { AuditState, Facet } from './state.ts'

interface FiltersProps {
  readonly state: AuditState
  readonly set: PageState<AuditState>['set']
}

const titles: Readonly<Record<Facet, string>> = {
  actor: 'Actor',
  action: 'Action',
  service: 'Service',
  severity: 'How',
  address: 'From',
  resource: 'Resource',
  tenant: 'Tenant',
  region: 'Region',
}

/** What is asked for, from the values that there are; any of them can be left out instead. */
export function Filters({ state, set }: FiltersProps): React.ReactNode {
  return (
    <div className="quick">
      <Facets titles={titles} chosen={state} said={valueText}>
        {(facet) => <Values facet={facet} state={state} set={set} />}
      </Facets>
    </div>
  )
}

function Values({ facet, state, set }: FiltersProps & { readonly facet: Facet }): React.ReactNode {
  const { data, error } = useTraceSums(traceQuery({ ...state, [facet]: [] }), state.t, {
    by: facet,
    limit: 200,
    buckets: 1,
    revision: '',
  })
  return (
    <Picker
      facet={facet}
      of="trace"
      chosen={state[facet]}
      said={valueText}
      leaves
      error={error}
      others={data && { groups: data.others.groups, n: data.others.traces }}
      values={data?.groups.map(({ value, traces }) => [value ?? notTold, traces])}
      onChange={(values) => set({ [facet]: values, sel: '' })}
    />
  )
}
