import type { SpendCurrency, SpendGroup } from './requests.ts'
import { entityColors } from '../../parts/entity-colors.ts'
import { count } from '../../parts/format.ts'
import { changeText, money } from '../../parts/money.ts'
import { groupNames, spendText } from './text.ts'
import { groupText, shareText } from './group-text.ts'
import type { SpendState } from './state.ts'
import { foldSmall, tilesOf } from './treemap-layout.ts'

const box = { width: 100, height: 50 } as const

type TreemapProps = Readonly<{
  of: SpendCurrency
  /** The period before; undefined until it is known. */
  before: SpendCurrency | undefined
  by: SpendState['by']
  onOnly: ((value: string) => void) | undefined
  menu?: React.ReactNode
}>

type Part = Readonly<{
  key: string
  name: string
  amount: number
  cost: string
  change?: string | undefined
  only: string | null
}>

/** The table beside it has the same parts as text. */
export function Treemap({ of, before, by, onOnly, menu }: TreemapProps): React.ReactNode {
  const { currency, others } = of
  const { shown, folded } = foldSmall(of.groups, ({ cost }) => Number(cost))
  const credits = of.groups.filter(({ cost }) => Number(cost) < 0)
  const rest = folded.reduce((sum, { cost }) => sum + Number(cost), Math.max(0, Number(others.cost)))
  const parts = [
    ...shown.map((group): Part => ({
      ...partOf(group, by),
      change: changeText(group.cost, before?.groups.find(({ value }) => value === group.value)?.cost),
    })),
    ...(rest > 0
      ? [
          {
            key: ' ',
            name: spendText.folded(count(folded.length + others.groups)),
            amount: rest,
            cost: rest.toFixed(2),
            only: null,
          },
        ]
      : []),
  ]
  if (parts.length === 0) return null
  const tiles = tilesOf(
    parts.map(({ amount }) => amount),
    box,
  )
  const colors = entityColors(shown.map((group) => groupText(group, by)))
  const whole = String(parts.reduce((sum, { amount }) => sum + amount, 0))
  return (
    <figure className="treemap-figure">
      <figcaption>
        {spendText.sharesBy(groupNames[by])} {menu}
      </figcaption>
      <ul className="treemap" aria-label={spendText.sharesOf(currency, groupNames[by])}>
        {parts.map((part, at) => (
          <TreemapTile
            key={part.key}
            part={part}
            currency={currency}
            whole={whole}
            tile={tiles[at]!}
            color={colors[at]}
            onOnly={onOnly}
          />
        ))}
      </ul>
      {credits.length > 0 && (
        <p className="dim">
          {spendText.creditsNotDrawn(
            credits.map((group) => `${groupText(group, by)} ${money(group.cost, currency)}`).join(', '),
          )}
        </p>
      )}
    </figure>
  )
}

const partOf = (group: SpendGroup, by: SpendState['by']): Part => ({
  key: group.value ?? '',
  name: groupText(group, by),
  amount: Number(group.cost),
  cost: group.cost,
  only: group.value,
})

type TileProps = Readonly<{
  part: Part
  currency: string
  whole: string
  tile: ReturnType<typeof tilesOf>[number]
  color: number | undefined
  onOnly: ((value: string) => void) | undefined
}>

function TreemapTile({ part, currency, whole, tile, color, onOnly }: TileProps): React.ReactNode {
  const { name, cost, change = '', only } = part
  const amount = money(cost, currency)
  const share = shareText(cost, whole)
  const content = (
    <>
      <b>{name}</b>
      <span className="number">{amount}</span>
      <span className="number dim">{share}</span>
      {change !== '' && <span className="number change">{change}</span>}
    </>
  )
  const percent = (length: number, of: number): string => `${(100 * length) / of}%`
  const style = {
    left: percent(tile.x, box.width),
    top: percent(tile.y, box.height),
    width: percent(tile.width, box.width),
    height: percent(tile.height, box.height),
    '--tone': `var(--series-${color === undefined ? 'other' : color + 1})`,
  } as React.CSSProperties
  const title = `${name}: ${amount}, ${share}${change === '' ? '' : `, ${change}`}`
  return (
    <li style={style}>
      {only === null || onOnly === undefined ? (
        <div title={title}>{content}</div>
      ) : (
        <button type="button" title={`${title}. ${spendText.only(only)}`} onClick={() => onOnly(only)}>
          {content}
        </button>
      )}
    </li>
  )
}
