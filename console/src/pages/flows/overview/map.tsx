import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { difference } from '../../../parts/difference.ts'
import { csvOf } from '../../../parts/save-file.ts'
import { count } from '../../../parts/format.ts'
import type { OwnKind } from './kinds.ts'
import { amount, countryName, measureNames } from './names.ts'
import { Panel } from './panel.tsx'
import type { PanelProps } from './panels.tsx'
import { noteOf, useEarlierAnswer } from './earlier.ts'
import { offsetSeconds, restrictTo, useGroups } from './queries.ts'
import type { Measure } from './state.ts'
import type { FlowGroups } from '../../../../../src/api/published.ts'
import { panelsText } from './text.ts'

type World = Readonly<{
  size: readonly number[]
  path: string
  centres: Readonly<Record<string, readonly number[]>>
}>

/** More than there are countries. */
const limit = 300
const [source, destination] = [['src_country'], ['dst_country']]
const [smallest, largest] = [3, 26]

/** Amounts sent and received by country; a flow within a country counts once for each end. */
function countryAmounts(answers: readonly FlowGroups[], measure: Measure): ReadonlyMap<string, number> {
  const amounts = new Map<string, number>()
  for (const { columns, rows } of answers) {
    const at = columns.findIndex(({ name }) => name === measure)
    for (const row of rows)
      if (typeof row[0] === 'string' && row[0] !== '')
        amounts.set(row[0], (amounts.get(row[0]) ?? 0) + Number(row[at] ?? 0))
  }
  return new Map([...amounts].sort(([, a], [, b]) => b - a))
}

function useWorld() {
  return useQuery({
    queryKey: ['world outline'],
    staleTime: Infinity,
    queryFn: async (): Promise<World> => (await import('./world.json')).default,
  }).data
}

export function MapPanel({
  kind: { title, family },
  context: { flowQuery, by, before, isLive, menu, onFilter },
}: PanelProps<OwnKind>): React.ReactNode {
  const ownQuery = restrictTo(flowQuery, family)
  const sent = useGroups(ownQuery, source, by, limit)
  const received = useGroups(ownQuery, destination, by, limit)
  const world = useWorld()
  const seconds = isLive ? 0 : offsetSeconds(before, flowQuery.t)
  const question = { by, limit, sums: 'ranked' }
  const oldSent = useEarlierAnswer(sent, '/api/v1/flows', ownQuery, { ...question, group: 'src_country' }, seconds)
  const oldReceived = useEarlierAnswer(
    received,
    '/api/v1/flows',
    ownQuery,
    { ...question, group: 'dst_country' },
    seconds,
  )
  const earlier = useMemo(
    () =>
      oldSent === undefined || oldReceived === undefined || oldSent.since !== undefined
        ? undefined
        : countryAmounts([oldSent, oldReceived], by),
    [oldSent, oldReceived, by],
  )
  const amounts = useMemo(
    () =>
      sent.data === undefined || received.data === undefined
        ? undefined
        : countryAmounts([sent.data, received.data], by),
    [sent.data, received.data, by],
  )
  const csv = {
    shown: () =>
      csvOf(
        [panelsText.country, measureNames[by], ...(earlier === undefined ? [] : [panelsText.change])],
        [...(amounts ?? [])].map(([code, value]) => [
          countryName(code),
          amount(by, value),
          ...(earlier === undefined ? [] : [difference(value, earlier.get(code) ?? 0)]),
        ]),
      ),
    raw: () => csvOf(['country', by], [...(amounts ?? [])]),
  }
  return (
    <Panel
      title={title}
      answer={received.isError ? received : sent}
      menu={menu(title, { top: false, others: false, csv: amounts === undefined ? undefined : csv })}
      foot={noteOf(oldSent, before)}
    >
      {() =>
        amounts !== undefined &&
        world !== undefined && (
          <Drawn
            world={world}
            amounts={amounts}
            earlier={earlier}
            measure={by}
            onCountry={(code) => onFilter(`either(country = "${code}")`)}
          />
        )
      }
    </Panel>
  )
}

function Drawn({
  world: { size, path, centres },
  amounts,
  earlier,
  measure,
  onCountry,
}: Readonly<{
  world: World
  amounts: ReadonlyMap<string, number>
  earlier: ReadonlyMap<string, number> | undefined
  measure: Measure
  onCountry: (code: string) => void
}>): React.ReactNode {
  const most = Math.max(1, ...amounts.values())
  const placed = [...amounts].flatMap(([code, value]) => {
    const [x, y] = centres[code] ?? []
    return x === undefined || y === undefined ? [] : [{ code, value, x, y }]
  })
  return (
    <svg
      className="world"
      viewBox={`0 0 ${size.join(' ')}`}
      role="group"
      aria-label={panelsText.mapOf(count(placed.length))}
    >
      <path className="world-land" d={path} />
      {placed.map(({ code, value, x, y }) => {
        const now = panelsText.countryAmount(countryName(code), amount(measure, value))
        const before = earlier?.get(code) ?? 0
        const text =
          earlier === undefined
            ? now
            : panelsText.comparedShare(now, difference(value, before), amount(measure, before))
        return (
          <g
            key={code}
            role="button"
            tabIndex={0}
            aria-label={text}
            onClick={() => onCountry(code)}
            onKeyDown={({ key }) => {
              if (key === 'Enter') onCountry(code)
            }}
          >
            <title>{text}</title>
            <circle className="world-hit" cx={x} cy={y} r={12} />
            <circle
              className="world-country"
              data-country={code}
              data-amount={value}
              cx={x}
              cy={y}
              r={smallest + (largest - smallest) * Math.sqrt(value / most)}
            />
          </g>
        )
      })}
    </svg>
  )
}
