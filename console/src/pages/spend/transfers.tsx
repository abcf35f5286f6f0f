import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { transferGroups, type TransferGroup } from './transfer-groups.ts'
import { readTransfers, transfersOf, type Transfers } from './requests.ts'
import { kindNames, reasonNames, spendText, transferGroupNames, transferText } from './text.ts'
import type { Days } from './days.ts'
import { volume } from '../../parts/format.ts'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { smallMoney } from '../../parts/money.ts'
import { NoAnswer } from '../../parts/states.tsx'
import { TableHead } from '../../parts/table-head.tsx'

const shownGroups = 12

type TransfersProps = Readonly<{
  days: Days
  by: TransferGroup
  onBy: (by: TransferGroup) => void
  /** In the header. */
  menu: React.ReactNode
}>

/** What the traffic of the time range costs, by a price list. */
export function TransfersPart({ days, by, onBy, menu }: TransfersProps): React.ReactNode {
  const query = transfersOf(days, by, shownGroups)
  const answer = useQuery({
    queryKey: ['transfers', query],
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readTransfers(query, signal),
  })
  const { data, error, isError, isFetching, refetch } = answer
  return (
    <section className="panel spend-transfers" aria-label={transferText.transfers} aria-busy={isFetching}>
      <header>
        <h2>{transferText.transfers}</h2>
        <LabelledSelect
          label={transferText.group}
          value={by}
          values={transferGroups}
          textOf={(group) => transferGroupNames[group]}
          onChange={onBy}
        />
        {menu}
      </header>
      {data !== undefined ? (
        <TransferSums of={data} />
      ) : isError ? (
        <NoAnswer error={error} needsStore={spendText.needsStore} onRetry={() => void refetch()} />
      ) : (
        <p className="dim">{transferText.loading}</p>
      )}
    </section>
  )
}

export function TransferSums({ of }: { readonly of: Transfers }): React.ReactNode {
  if (of.currencies.length + of.unpriced.length === 0) return <p className="dim">{transferText.noFlows}</p>
  const isUnset = of.currencies.length === 0
  return (
    <>
      {isUnset && (
        <>
          <p>{transferText.noList}</p>
          <pre>{transferText.recipe}</pre>
        </>
      )}
      {of.currencies.map((sums) => (
        <Sums key={sums.currency} of={sums} by={of.by} />
      ))}
      {!isUnset && <Unpriced of={of} />}
      {!isUnset && <Invoice of={of.invoice} />}
    </>
  )
}

type SumsProps = Readonly<{ of: Transfers['currencies'][number]; by: TransferGroup }>

function Sums({ of, by }: SumsProps): React.ReactNode {
  const { currency, groups, others, ...whole } = of
  const kinds = whole.kinds.map(({ kind }) => kind)
  const hasTwo = by === 'pair' || by === 'zones'
  const names = hasTwo ? [transferText.from, transferText.to] : [transferGroupNames[by]]
  const isKind = (at: number) => at > 0 && at <= kinds.length
  const heads = [transferText.bytes, ...kinds.map((kind) => kindNames[kind]), spendText.cost]
  const row = (cells: readonly string[], sums: Pick<typeof whole, 'bytes' | 'cost' | 'kinds'>) => (
    <tr key={cells.join(' → ')} className={sums === whole ? 'sum-row' : undefined}>
      {cells.map((cell, at) => (
        <td key={names[at]}>{cell}</td>
      ))}
      <td className="end">{volume(Number(sums.bytes))}</td>
      {kinds.map((kind) => {
        const cost = sums.kinds.find((part) => part.kind === kind)?.cost
        return (
          <td key={kind} className="end transfer-kind" title={cost}>
            {cost === undefined ? '' : smallMoney(cost, currency)}
          </td>
        )
      })}
      <td className="end" title={sums.cost}>
        {smallMoney(sums.cost, currency)}
      </td>
    </tr>
  )
  const blank = (name: string) => (hasTwo ? [name, ''] : [name])
  return (
    <div className="spend-scroll" tabIndex={0} role="region" aria-label={transferText.costs(currency)}>
      <table className="peers-table">
        <TableHead
          columns={[...names, ...heads.map((head, at) => [head, isKind(at) ? 'end transfer-kind' : 'end'] as const)]}
        />
        <tbody>
          {groups.map(({ from, to, ...sums }) =>
            row(hasTwo ? [from ?? transferText.none, to ?? transferText.none] : [from ?? transferText.none], sums),
          )}
          {others.groups > 0 && row(blank(transferText.others(others.groups)), others)}
          {row(blank(spendText.sum), whole)}
        </tbody>
      </table>
    </div>
  )
}

function Unpriced({ of: { unpriced } }: { readonly of: Transfers }): React.ReactNode {
  if (unpriced.length === 0) return null
  return (
    <details>
      <summary>{transferText.unpriced(volume(unpriced.reduce((sum, { bytes }) => sum + Number(bytes), 0)))}</summary>
      <ul>
        {unpriced.map(({ reason, kind, region, list, bytes, flows }) => (
          <li key={`${reason} ${kind} ${region} ${list}`}>
            {transferText.part(volume(Number(bytes)), flows)}{' '}
            {kind === null
              ? reasonNames[reason]
              : transferText.noPrice(list ?? '', kindNames[kind], region ?? transferText.otherRegions)}
          </li>
        ))}
      </ul>
    </details>
  )
}

function Invoice({ of: { span, note, lines } }: { readonly of: Transfers['invoice'] }): React.ReactNode {
  if (lines.length === 0 || span === null)
    return note === null ? null : <p className="dim">{transferText.notCompared(note)}</p>
  return (
    <table className="peers-table">
      <caption>{transferText.invoice(span.from, span.to)}</caption>
      <TableHead
        columns={[
          transferText.kind,
          [transferText.computed, 'end'],
          [transferText.invoiced, 'end'],
          [transferText.difference, 'end'],
        ]}
      />
      <tbody>
        {lines.map(({ provider, currency, kind, computed, invoiced, difference }) => (
          <tr key={`${provider} ${currency} ${kind}`}>
            <td>
              {kindNames[kind]} ({provider})
            </td>
            <td className="end" title={computed}>
              {smallMoney(computed, currency)}
            </td>
            <td className="end" title={invoiced}>
              {smallMoney(invoiced, currency)}
            </td>
            <td className="end" title={difference}>
              {smallMoney(difference, currency)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
