import { useCostLane } from './queries.ts'
import { money } from '../../../parts/money.ts'
import { resourceText } from './text.ts'

/** Sums of 30 days by machine or namespace. Absent where the store has no costs or nothing of the object has one. */
export function CostOf({ of, at }: { of: string; at: string }): React.ReactNode {
  const { data } = useCostLane(of, at)
  if (data?.state !== 'shown') return null
  return (
    <section className="panel happened" aria-label={resourceText.cost}>
      <h2>{resourceText.cost}</h2>
      <ul>
        {data.sums?.map(({ object, currency, amount }, index) => (
          <li key={index}>
            <span>{object ?? resourceText.otherCosts}</span>
            <span className="says number">{money(amount, currency)}</span>
          </li>
        ))}
      </ul>
      {data.note !== null && <p className="dim">{data.note}</p>}
    </section>
  )
}
