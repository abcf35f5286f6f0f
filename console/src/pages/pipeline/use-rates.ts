import { useState } from 'react'
import type { Ledger } from '../../../../src/api/published.ts'
import { deliveredPerSecond } from '../../api/pipeline-view.ts'

type Seen = Readonly<{
  ledger: Ledger | undefined
  at: number
  rates: ReadonlyMap<string, number>
}>

export function useRates(ledger: Ledger | undefined, at: number): ReadonlyMap<string, number> {
  const [seen, setSeen] = useState<Seen>({ ledger: undefined, at: 0, rates: new Map() })
  if (ledger === undefined || ledger === seen.ledger) return seen.rates
  const next = { ledger, at, rates: deliveredPerSecond(seen.ledger, ledger, at - seen.at) }
  setSeen(next)
  return next.rates
}
