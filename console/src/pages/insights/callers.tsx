import { Link } from '@tanstack/react-router'
import { momentAt } from '../../parts/format.ts'
import { allOf, conditionFor } from '../../parts/filter-text.ts'
import { insightsText } from './text.ts'

type CallersProps = Readonly<{
  /** `<namespace>/<kind>/<name>` of those that run the image. */
  workloads: readonly string[]
  /** ISO 8601: the first report that has it. */
  since: string
}>

/** A link to the sources of traffic to the workloads. */
export function Callers({ workloads, since }: CallersProps): React.ReactNode {
  if (workloads.length === 0) return null
  const search = {
    v: '1',
    live: '0',
    view: 'table',
    t: `${since}..now`,
    q: callersFilter(workloads),
    group: 'src_endpoint',
  }
  return (
    <p>
      <Link to="/flows" search={search as never}>
        {insightsText.callers(momentAt(Date.parse(since)))}
      </Link>
    </p>
  )
}

/** Flows that others opened to one of the workloads. */
export function callersFilter(workloads: readonly string[]): string {
  const received = workloads.map((workload) => {
    const [namespace, kind, name] = workload.split('/')
    return [
      conditionFor('dst_namespace', namespace),
      conditionFor('dst_owner_kind', kind),
      conditionFor('dst_owner_name', name),
    ].join(' and ')
  })
  const [only = '', ...others] = received
  return allOf([
    'initiator = src',
    others.length === 0 ? only : received.map((conditions) => `(${conditions})`).join(' or '),
  ])
}
