import type { Mover, SpendMovers } from './requests.ts'
import { money } from '../../parts/money.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { groupNames, spendText } from './text.ts'
import { groupText } from './group-text.ts'
import type { SpendState } from './state.ts'

type MoversProps = Readonly<{
  of: SpendMovers['currencies'][number]
  by: SpendState['by']
  onOnly: ((value: string) => void) | undefined
  menu?: React.ReactNode
}>

export function Movers({ of, by, onOnly, menu }: MoversProps): React.ReactNode {
  const { currency, rises, falls } = of
  return (
    <section className="spend-movers" aria-label={spendText.moversOf(currency)}>
      <h3>
        {spendText.movers} {menu}
      </h3>
      {rises.length + falls.length === 0 ? (
        <p className="dim">{spendText.noMovers}</p>
      ) : (
        <table className="peers-table">
          <TableHead
            columns={[
              groupNames[by],
              [spendText.before, 'end'],
              [spendText.cost, 'end'],
              [spendText.change, 'end'],
              [spendText.percent, 'end'],
            ]}
          />
          <tbody>
            {[...rises, ...falls].map((mover) => (
              <Row key={mover.value ?? ''} of={mover} currency={currency} by={by} onOnly={onOnly} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const signed = new Intl.NumberFormat(undefined, { signDisplay: 'exceptZero', maximumFractionDigits: 1 })

type RowProps = Readonly<{
  of: Mover
  currency: string
  by: SpendState['by']
  onOnly: ((value: string) => void) | undefined
}>

function Row({ of, currency, by, onOnly }: RowProps): React.ReactNode {
  const { before, cost, change, percent } = of
  const isRise = !change.startsWith('-')
  return (
    <tr>
      <td>
        <GroupName of={of} by={by} onOnly={onOnly} />
      </td>
      <td className="end" title={before}>
        {money(before, currency)}
      </td>
      <td className="end" title={cost}>
        {money(cost, currency)}
      </td>
      <td className={`end ${isRise ? 'warning' : 'good'}`} title={change}>
        <span aria-hidden="true">{isRise ? '▲ ' : '▼ '}</span>
        {isRise ? '+' : ''}
        {money(change, currency)}
      </td>
      <td className="end">{percent === null ? spendText.isNew : `${signed.format(Number(percent))}%`}</td>
    </tr>
  )
}

type GroupNameProps = Readonly<{
  of: Readonly<{ value: string | null; name: string | null }>
  by: SpendState['by']
  onOnly: ((value: string) => void) | undefined
}>

/** The name of a group selects it where a filter for it exists. */
export function GroupName({ of, by, onOnly }: GroupNameProps): React.ReactNode {
  const { value } = of
  const name = groupText(of, by)
  if (value === null || onOnly === undefined) return <span className={value === null ? 'dim' : undefined}>{name}</span>
  return (
    <button type="button" className="quiet" title={spendText.only(value)} onClick={() => onOnly(value)}>
      {name}
    </button>
  )
}
