import { Link } from '@tanstack/react-router'
import { useMe } from '../../api/queries.ts'
import { alertRulesText } from '../../text/alert-rules.ts'

export type AlertOn = Readonly<{
  filter: string
  measure: string
  by?: string
  /** Default: flows. */
  on?: 'changes' | 'audit' | 'events'
}>

/** Creates an alert about what a view shows. */
export function AlertLink({ of: { filter, measure, by = '', on } }: { of: AlertOn }): React.ReactNode {
  const search = {
    v: '1',
    act: 'new',
    m: measure,
    ...(on === undefined ? {} : { on }),
    ...(filter === '' ? {} : { q: filter }),
    ...(by === '' ? {} : { by }),
  }
  return (
    <Link to="/alerts" search={search as never} className="button" title={alertRulesText.alertOnThisHint}>
      {alertRulesText.alertOnThis}
    </Link>
  )
}

/** Rules are written by admins. */
export function AdminAlertLink({ of }: { of: AlertOn }): React.ReactNode {
  return useMe().data?.role === 'admin' ? <AlertLink of={of} /> : null
}
