import { Link } from '@tanstack/react-router'
import { alertRulesText } from '../../text/alert-rules.ts'

export type AlertOn = Readonly<{ filter: string; measure: string; by?: string }>

/** Creates an alert about what a view shows. */
export function AlertLink({ of: { filter, measure, by = '' } }: { of: AlertOn }): React.ReactNode {
  const search = {
    v: '1',
    act: 'new',
    m: measure,
    ...(filter === '' ? {} : { q: filter }),
    ...(by === '' ? {} : { by }),
  }
  return (
    <Link to="/alerts" search={search as never} className="button" title={alertRulesText.alertOnThisHint}>
      {alertRulesText.alertOnThis}
    </Link>
  )
}
