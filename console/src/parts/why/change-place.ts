import type { PrecedingCandidate } from '../../../../src/api/published.ts'

type Place = Readonly<{ to: string; search: Readonly<Record<string, string>> }>

const hourMs = 3_600_000

/** The page that shows a change in its list, with fixed times. */
export function changePlace({ is, pos, time, ref }: Pick<PrecedingCandidate, 'is' | 'pos' | 'time' | 'ref'>): Place {
  if (is === 'resource') return { to: '/inventory', search: { v: '1', sel: ref ?? '' } }
  const at = Date.parse(time)
  const range = [at - hourMs, at + hourMs].map((ms) => new Date(ms).toISOString()).join('..')
  return { to: is === 'audit' ? '/audit' : '/changes', search: { v: '1', live: '0', t: range, sel: pos } }
}
