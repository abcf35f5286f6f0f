import { useMemo } from 'react'
import { allOf } from '../../../parts/filter-text.ts'
import { csvOf } from '../../../parts/save-file.ts'
import type { OwnKind } from './kinds.ts'
import { Panel } from './panel.tsx'
import { csvOfShares } from './panel-csv.ts'
import type { PanelProps } from './panels.tsx'
import { noteOf, useEarlierAnswer, withEarlier } from './earlier.ts'
import { offsetSeconds, useGroups } from './queries.ts'
import { Bars } from './shares.tsx'
import type { Shares } from './sums.ts'
import { panelsText } from './text.ts'

/** RFC 1918, 6598, 3927, 4193, loopback, link-local, multicast and unspecified, as costs of transfers have them. */
const inside = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  '224.0.0.0/3',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
  '::/127',
].join(', ')
const isInside = (end: 'src' | 'dst') => `(${end}_addr in (${inside}) or exists(${end}_namespace))`

export const directions = [
  [panelsText.inside, `${isInside('src')} and ${isInside('dst')}`],
  [panelsText.inbound, `not ${isInside('src')} and ${isInside('dst')}`],
  [panelsText.outbound, `${isInside('src')} and not ${isInside('dst')}`],
  [panelsText.outsideOnly, `not ${isInside('src')} and not ${isInside('dst')}`],
] as const

const smallest = ['proto']

/** Every flow has exactly one direction, so that they add up to the total. */
export function BoundaryPanel({
  kind: { title },
  context: { flowQuery, by, before, isLive, menu, onFilter },
}: PanelProps<OwnKind>): React.ReactNode {
  const of = (at: 0 | 1 | 2 | 3) => ({ ...flowQuery, filter: allOf([flowQuery.filter, directions[at][1]]) })
  const first = useGroups(of(0), smallest, by, 1)
  const second = useGroups(of(1), smallest, by, 1)
  const third = useGroups(of(2), smallest, by, 1)
  const fourth = useGroups(of(3), smallest, by, 1)
  const [a, b, c, d] = [first.data, second.data, third.data, fourth.data]
  const seconds = isLive ? 0 : offsetSeconds(before, flowQuery.t)
  const question = { group: 'proto', by, limit: 1 }
  const olds = [
    useEarlierAnswer(first, '/api/v1/flows', of(0), question, seconds),
    useEarlierAnswer(second, '/api/v1/flows', of(1), question, seconds),
    useEarlierAnswer(third, '/api/v1/flows', of(2), question, seconds),
    useEarlierAnswer(fourth, '/api/v1/flows', of(3), question, seconds),
  ]
  const data = useMemo((): Shares | undefined => {
    const answers = [a, b, c, d]
    if (answers.some((answer) => answer === undefined)) return undefined
    const amounts = answers.map((answer) => Number(answer?.total[by] ?? 0))
    const now: Shares = {
      total: amounts.reduce((sum, amount) => sum + amount, 0),
      othersCount: 0,
      shares: directions.map(([name], at) => ({ name, cells: [name], amount: amounts[at] ?? 0 })),
    }
    const stored = olds.filter((old) => old !== undefined)
    if (stored.length < directions.length) return now
    const isStored = stored.every(({ since }) => since === undefined)
    const earlier = new Map(directions.map(([name], at) => [name as string, Number(stored[at]?.total[by] ?? 0)]))
    return withEarlier(now, {
      isStored,
      of: ([name]) => earlier.get(String(name)),
      total: [...earlier.values()].reduce((sum, amount) => sum + amount, 0),
      note: '',
    })
  }, [a, b, c, d, by, ...olds])
  const raw = () => csvOf(['direction', by], data?.shares.map(({ name, amount }) => [name, amount]) ?? [])
  const failed = [first, second, third, fourth].find(({ isError }) => isError) ?? first
  return (
    <Panel
      title={title}
      answer={failed}
      menu={menu(title, {
        top: false,
        others: false,
        csv: data === undefined ? undefined : csvOfShares({ data, measure: by, title, others: true, raw }),
      })}
      foot={[panelsText.boundaryHint, noteOf(olds[0], before)].join(' ').trim()}
    >
      {() =>
        data !== undefined && (
          <Bars
            data={data}
            label={title}
            measure={by}
            others
            onOnly={({ name }) => onFilter(`(${directions.find(([direction]) => direction === name)?.[1] ?? ''})`)}
          />
        )
      }
    </Panel>
  )
}
