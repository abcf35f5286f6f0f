import { alertRulesText } from '../../text/alert-rules.ts'
import { freeName, newForm, type Form } from './form.ts'
import { alertsCodec } from './state.ts'

export type Common = Readonly<{ title: string; hint: string; form: Form }>

/** Whole forms, so that such an alert is one press and Create. `names`: of the rules that exist. */
export function commonAlerts(names: readonly string[]): readonly Common[] {
  const of = (title: string, hint: string, part: Partial<Form>): Common => ({
    title,
    hint,
    form: { ...newForm(alertsCodec.usual, names), ...part, name: freeName(title, names), summary: title },
  })
  return [
    of(alertRulesText.dropped, alertRulesText.droppedHint, {
      measure: 'sum(drop_packets)/s',
      by: 'dst_owner_name',
      condition: '> 0',
    }),
    of(alertRulesText.slowNames, alertRulesText.slowNamesHint, { measure: 'p95(dns_latency)', condition: '> 500ms' }),
    of(alertRulesText.slowTrips, alertRulesText.slowTripsHint, { measure: 'p95(rtt)', condition: '> 200ms' }),
    of(alertRulesText.deleted, alertRulesText.deletedHint, {
      on: 'changes',
      filter: 'operation = deleted',
      measure: 'count',
      by: 'namespace',
      condition: '> 0',
    }),
  ]
}
