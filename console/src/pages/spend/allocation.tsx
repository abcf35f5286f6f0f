import { Link } from '@tanstack/react-router'
import type { SpendCurrency } from './requests.ts'
import { money } from '../../parts/money.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { allocationHints, allocationNames, spendText, type Allocation } from './text.ts'
import { shareText } from './group-text.ts'

const kinds = ['allocated', 'shared', 'idle'] as const satisfies readonly Allocation[]

type AllocationProps = Readonly<{ of: SpendCurrency; menu?: React.ReactNode }>

/** All three rows are always present, and add up to the total. */
export function Allocations({ of, menu }: AllocationProps): React.ReactNode {
  const { currency, cost: total } = of
  return (
    <section className="spend-allocation" aria-label={spendText.allocationOf(currency)}>
      <h3>
        {spendText.allocation} {menu}
      </h3>
      <table className="peers-table">
        <TableHead columns={[spendText.use, spendText.meaning, [spendText.cost, 'end'], [spendText.share, 'end']]} />
        <tbody>
          {kinds.map((kind) => {
            const cost = of.groups.find(({ value }) => value === kind)?.cost ?? '0'
            const isIdle = kind === 'idle' && Number(cost) > 0
            return (
              <tr key={kind}>
                <td className={isIdle ? 'warning' : undefined}>{allocationNames[kind]}</td>
                <td className="dim">
                  {allocationHints[kind]}{' '}
                  {isIdle && (
                    <Link to="/inventory" search={{ v: '1', list: 'findings' } as never}>
                      {spendText.showFindings}
                    </Link>
                  )}
                </td>
                <td className="end" title={cost}>
                  {money(cost, currency)}
                </td>
                <td className="end">{shareText(cost, total)}</td>
              </tr>
            )
          })}
          <tr className="sum-row">
            <td>{spendText.sum}</td>
            <td />
            <td className="end">{money(total, currency)}</td>
            <td className="end">{shareText(total, total)}</td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}
