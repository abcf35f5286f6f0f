import type { SpendTags } from './requests.ts'
import { count } from '../../parts/format.ts'
import { money } from '../../parts/money.ts'
import { shareText } from './group-text.ts'
import { spendText } from './text.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { generalText } from '../../text/general.ts'

type TagKeysProps = Readonly<{
  of: SpendTags
  onTag: (tag: string) => void
}>

/** The keys by which costs can be grouped; largest coverage first. */
export function TagKeys({ of, onTag }: TagKeysProps): React.ReactNode {
  return of.currencies.map(({ currency, cost: total, tags, others }) => (
    <section key={currency} className="panel spend-currency" aria-label={spendText.tagsOf(currency)}>
      <header>
        <h2>{spendText.tagsOf(currency)}</h2>
        <span className="dim">{spendText.tagsOfCosts(money(total, currency))}</span>
      </header>
      {tags.length === 0 ? (
        <p className="pad dim">{spendText.noTags}</p>
      ) : (
        <table className="peers-table tag-keys">
          <TableHead
            columns={[
              spendText.tagKey,
              [spendText.coverage, 'end'],
              [spendText.cost, 'end'],
              [spendText.tagValues, 'end'],
            ]}
          />
          <tbody>
            {tags.map(({ name, cost, values }) => (
              <tr key={name}>
                <td>
                  <button type="button" className="quiet" title={spendText.byTag(name)} onClick={() => onTag(name)}>
                    {name}
                  </button>
                </td>
                <td className="end">
                  <meter
                    min={0}
                    max={1}
                    value={Number(total) === 0 ? 0 : Math.min(1, Math.max(0, Number(cost) / Number(total)))}
                    aria-label={spendText.coverageOf(name)}
                  />{' '}
                  {shareText(cost, total)}
                </td>
                <td className="end" title={cost}>
                  {money(cost, currency)}
                </td>
                <td className="end">{count(values)}</td>
              </tr>
            ))}
            {others > 0 && (
              <tr>
                <td className="dim">{generalText.remaining(count(others))}</td>
                <td />
                <td />
                <td />
              </tr>
            )}
          </tbody>
        </table>
      )}
    </section>
  ))
}
