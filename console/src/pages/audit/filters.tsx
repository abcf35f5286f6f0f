import { useTraceSums } from '../../api/trace-queries.ts'
import { noValue, valueText } from '../../parts/audit/values.ts'
import { Facets, Picker } from '../../parts/picker.tsx'
import type { PageState } from '../../state/use-page-state.ts'
import { traceQuery } from './queries.ts'
import type { AuditState, Facet } from './state.ts'
import { generalText } from '../../text/general.ts'
import { auditText } from '../../parts/audit/text.ts'

type FiltersProps = Readonly<{
  state: AuditState
  set: PageState<AuditState>['set']
}>

const titles: Readonly<Record<Facet, string>> = {
  actor: generalText.actor,
  action: generalText.action,
  service: auditText.service,
  severity: auditText.outcome,
  address: auditText.address,
  resource: generalText.resource,
  tenant: generalText.tenant,
  region: generalText.region,
}

export const facets = Object.keys(titles) as readonly Facet[]

export function Filters({ state, set }: FiltersProps): React.ReactNode {
  return (
    <div className="quick">
      <Facets titles={titles} chosen={state} labelOf={valueText}>
        {(facet) => <Values facet={facet} state={state} set={set} />}
      </Facets>
    </div>
  )
}

function Values({ facet, state, set }: FiltersProps & { readonly facet: Facet }) {
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
      labelOf={valueText}
      leaves
      error={error}
      others={data && { groups: data.others.groups, n: data.others.traces }}
      values={data?.groups.map(({ value, traces }) => [value ?? noValue, traces])}
      onChange={(values) => set({ [facet]: values, sel: '' })}
    />
  )
}
