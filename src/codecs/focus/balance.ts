import { scaled, unscaled } from './values.ts'

export type BalanceChange = Readonly<{ spent: string } | { toppedUp: string }>

/** A fall of the balance is spend. A rise is a top-up, and never negative spend. Undefined: no change. */
export function balanceChange(before: string, after: string): BalanceChange | undefined {
  const fall = scaled(before) - scaled(after)
  if (fall === 0n) return undefined
  return fall > 0n ? { spent: unscaled(fall) } : { toppedUp: unscaled(-fall) }
}
