import { Link } from '@tanstack/react-router'
import type { Range } from '../../state/range.ts'
import { appText } from '../../text/app.ts'

const aroundMs = 30 * 60_000

type InvestigateLinkProps = Readonly<{ of: string; at?: string; t?: Range }>

/** To the lanes of a subject, in a time range or half an hour around a time. */
export function InvestigateLink({ of, at, t }: InvestigateLinkProps): React.ReactNode {
  const ms = at === undefined ? Number.NaN : Date.parse(at)
  const range = Number.isNaN(ms)
    ? t === undefined
      ? {}
      : { t: `${t.from}..${t.to}` }
    : { live: '0', t: [ms - aroundMs, ms + aroundMs].map((moment) => new Date(moment).toISOString()).join('..') }
  return (
    <Link to="/investigate" search={{ v: '1', ...range, of } as never}>
      {appText.investigate}
    </Link>
  )
}
