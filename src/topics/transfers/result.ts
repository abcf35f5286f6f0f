/** Rows of the statement as sums with exact money. */
import { addDecimals, difference } from '../../codecs/focus/index.ts'
import { integerCell } from '../../model/integer-cell.ts'
import { moneyOf } from './money.ts'
import { bytesOf, transferKinds, type TransferKind } from './price-list.ts'
import { classOf, kindsOfStep, priceOf, type TransferClass, type TransferRule } from './rules.ts'
import {
  unpricedReasons,
  type Transfers,
  type TransferSums,
  type Unpriced,
  type UnpricedReason,
  type UsedPrice,
} from './schema.ts'
import type { TransferRow } from './sql.ts'

type ClassSum = TransferClass & Readonly<{ bytes: bigint; flows: number }>

const bytesIn = ({ _bytes: bytes }: TransferRow) => BigInt(bytes ?? 0)

/** One sum of each class. */
function classesOf(rows: readonly TransferRow[], rules: readonly TransferRule[]): readonly ClassSum[] {
  return [...Map.groupBy(rows, ({ _class: name }) => name)].map(([name, ofClass]) => ({
    ...classOf(name, rules),
    bytes: ofClass.reduce((sum, row) => sum + bytesIn(row), 0n),
    flows: ofClass.reduce((sum, row) => sum + Number(row._flows), 0),
  }))
}

type KindSum = Readonly<{ kind: TransferKind; bytes: bigint; cost: string }>

function kindSumsOf({ rule, step, region, bytes }: ClassSum): readonly KindSum[] {
  if (rule === undefined) return []
  return (kindsOfStep[step] ?? []).flatMap((kind) => {
    const price = priceOf(rule.list, kind, region)
    return price === undefined ? [] : [{ kind, bytes, cost: moneyOf(bytes, price, bytesOf(rule.list.unit)) }]
  })
}

function sumsOf(rows: readonly TransferRow[], rules: readonly TransferRule[]): TransferSums {
  const classes = classesOf(rows, rules)
  const all = classes.flatMap(kindSumsOf)
  const kinds = transferKinds.flatMap((kind) => {
    const ofKind = all.filter((sum) => sum.kind === kind)
    const bytes = ofKind.reduce((sum, part) => sum + part.bytes, 0n)
    return bytes === 0n ? [] : [{ kind, bytes: integerCell(bytes), cost: addDecimals(ofKind.map(({ cost }) => cost)) }]
  })
  const bytes = classes.reduce((sum, part) => sum + part.bytes, 0n)
  return { bytes: integerCell(bytes), cost: addDecimals(kinds.map(({ cost }) => cost)), kinds }
}

/** `whole` without the sums of groups, so that roundings of groups do not change the sum. */
function restOf(whole: TransferSums, shown: readonly TransferSums[]): TransferSums {
  const less = (bytes: number | string, parts: readonly (number | string)[]) =>
    integerCell(parts.reduce<bigint>((rest, part) => rest - BigInt(part), BigInt(bytes)))
  const kinds = whole.kinds.map(({ kind, bytes, cost }) => {
    const parts = shown.flatMap((sums) => sums.kinds.filter((part) => part.kind === kind))
    return {
      kind,
      bytes: less(
        bytes,
        parts.map((part) => part.bytes),
      ),
      cost: difference(cost, addDecimals(parts.map((part) => part.cost))),
    }
  })
  return {
    bytes: less(
      whole.bytes,
      shown.map((sums) => sums.bytes),
    ),
    cost: addDecimals(kinds.map(({ cost }) => cost)),
    kinds: kinds.filter(({ bytes, cost }) => bytes !== 0 || cost !== '0'),
  }
}

/** Currencies of price lists: flows of clusters without a list are only in {@link unpricedOf}. */
export function currenciesOf(
  rows: readonly TransferRow[],
  rules: readonly TransferRule[],
  limit: number,
): Transfers['currencies'] {
  const byCurrency = Map.groupBy(
    rows.filter(({ _currency: currency }) => currency !== ''),
    ({ _currency: currency }) => currency,
  )
  return [...byCurrency].map(([currency, ofCurrency]) => {
    const whole = sumsOf(ofCurrency, rules)
    const places = Map.groupBy(ofCurrency, ({ _place: place }) => Number(place))
    const groups = [...places]
      .filter(([place]) => place <= limit)
      .toSorted(([a], [b]) => a - b)
      .map(([, ofGroup]) => ({ from: ofGroup[0]!._g0, to: ofGroup[0]!._g1, ...sumsOf(ofGroup, rules) }))
    const count = Math.max(...ofCurrency.map(({ _groups: number }) => Number(number)))
    return { currency, ...whole, groups, others: { groups: count - groups.length, ...restOf(whole, groups) } }
  })
}

const isReason = (step: string): step is UnpricedReason => (unpricedReasons as readonly string[]).includes(step)

function missingOf({ rule, step, region }: ClassSum): readonly Omit<Unpriced, 'flows' | 'bytes'>[] {
  const none = { list: rule?.list.name ?? null, kind: null, region: null }
  if (isReason(step)) return [{ ...none, reason: step }]
  if (rule === undefined) return [{ ...none, reason: 'no_list' }]
  return (kindsOfStep[step] ?? [])
    .filter((kind) => priceOf(rule.list, kind, region) === undefined)
    .map((kind) => ({ ...none, reason: 'no_price', kind, region: region === '' ? null : region }))
}

export function unpricedOf(rows: readonly TransferRow[], rules: readonly TransferRule[]): Transfers['unpriced'] {
  const parts = classesOf(rows, rules).flatMap((sum) => missingOf(sum).map((missing) => ({ missing, sum })))
  return [...Map.groupBy(parts, ({ missing }) => JSON.stringify(missing)).values()]
    .map((same) => ({
      ...same[0]!.missing,
      flows: same.reduce((flows, { sum }) => flows + sum.flows, 0),
      bytes: same.reduce((bytes, { sum }) => bytes + sum.bytes, 0n),
    }))
    .toSorted((a, b) => (a.bytes === b.bytes ? b.flows - a.flows : a.bytes < b.bytes ? 1 : -1))
    .map(({ bytes, ...unpriced }) => ({ ...unpriced, bytes: integerCell(bytes) }))
}

export function usedPrices(rows: readonly TransferRow[], rules: readonly TransferRule[]): readonly UsedPrice[] {
  const used = classesOf(rows, rules).flatMap(({ rule, step, region }) =>
    (kindsOfStep[step] ?? []).flatMap((kind) => {
      if (rule === undefined) return []
      const { list } = rule
      const ofKind = list.prices.filter((price) => price.kind === kind)
      const price = ofKind.find((candidate) => candidate.region === region) ?? ofKind.find((row) => row.region === null)
      const { name, date, currency, unit } = list
      return price === undefined ? [] : [{ list: name, date, currency, unit, ...price }]
    }),
  )
  return [...new Map(used.map((price) => [JSON.stringify(price), price])).values()]
}
