import { useCostLane } from '../../api/investigate.ts'
import { count } from '../../parts/format.ts'
import { money } from '../../parts/money.ts'
import { resourceText } from '../../text/resource.ts'

/** Sums of 30 days by machine or namespace. Absent where the store has no costs or nothing of the object has one. */
export function CostOf({ of, at }: { of: string; at: string }): React.ReactNode {
  const { data } = useCostLane(of, at)
  if (data?.state !== 'shown') return null
  const sums = new Map<string, number>()
  for (const { object, text } of data.items) {
    const [, amount = '', currency = ''] = /^(-?[\d.]+) (\S+?)(?:,|$)/.exec(text) ?? []
    const key = `${object}\n${currency}`
    sums.set(key, (sums.get(key) ?? 0) + Number(amount))
  }
  return (
    <section className="panel happened" aria-label={resourceText.cost}>
      <h2>{resourceText.cost}</h2>
      <ul>
        {[...sums].map(([key, sum]) => {
          const [object = '', currency = ''] = key.split('\n')
          return (
            <li key={key}>
              <span>{object}</span>
              <span className="says number">{money(sum.toFixed(2), currency)}</span>
            </li>
          )
        })}
      </ul>
      {data.total > data.items.length && (
        <p className="warning">{resourceText.newestCosts(count(data.items.length), count(data.total))}</p>
      )}
      {data.note !== null && <p className="dim">{data.note}</p>}
    </section>
  )
}
