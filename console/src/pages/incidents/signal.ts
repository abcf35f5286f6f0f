import type { Incident } from '../../api/incidents.ts'

type Signal = Readonly<{
  text: string
  /** Undefined: no page shows it. */
  to: string | undefined
  search: Readonly<Record<string, string>>
}>

/** The page with the signal in the fixed times of the incident, beside the preceding changes. */
export function signalOf({ from, to, question }: Pick<Incident, 'from' | 'to' | 'question'>): Signal {
  const { filter = '', both_ways: both, reporters, promql, logql } = question
  const shown = { v: '1', live: '0', t: `${from}..${to}`, why: '1' }
  if (logql !== undefined) return { text: logql, to: undefined, search: {} }
  if (promql !== undefined) return { text: promql, to: '/metrics', search: { ...shown, expr: promql } }
  const search = {
    ...shown,
    view: 'overview',
    ...(filter === '' ? {} : { q: filter }),
    ...(both === 'true' ? { both: '1' } : {}),
    ...(reporters === 'one' ? { once: '1' } : {}),
  }
  return { text: filter, to: '/flows', search }
}
