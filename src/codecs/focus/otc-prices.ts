import { isRecord } from '../../model/json.ts'
import { decimalText } from './values.ts'

export type Price = Readonly<{
  id: string
  service: string
  region: string
  product: string
  /** Flavor of a server, for example `s3.medium.1`; else empty. */
  flavor: string
  /** Operating system of a server, for example `Open Linux`; else empty. */
  system: string
  /** Decimal for one unit. */
  amount: string
  currency: string
}>

/** Prices of an answer of the price API of Open Telekom Cloud; items without a price are counted. */
export function otcPrices(answer: unknown): Readonly<{ prices: readonly Price[]; rejected: number }> {
  const response = isRecord(answer) && isRecord(answer['response']) ? answer['response'] : {}
  const { result } = response
  // With a filter the result is a list, without one it is an object by service.
  const lists = Array.isArray(result) ? [['', result] as const] : isRecord(result) ? Object.entries(result) : []
  const prices: Price[] = []
  let rejected = 0
  for (const [service, items] of lists)
    for (const item of Array.isArray(items) ? items : []) {
      const price = priceOf(item, service)
      if (price === undefined) rejected++
      else prices.push(price)
    }
  return { prices, rejected }
}

function priceOf(item: unknown, service: string): Price | undefined {
  if (!isRecord(item)) return undefined
  const text = (name: string): string => (typeof item[name] === 'string' ? item[name] : '')
  const [number = '', written = ''] = text('priceAmount').trim().split(/\s+/)
  const amount = decimalText(number)
  const currency = written === '' ? text('currency') : written
  if (amount === undefined || !/^[A-Z]{3}$/.test(currency)) return undefined
  return {
    id: text('id'),
    service: service === '' ? text('serviceName') : service,
    region: text('region'),
    product: text('productName'),
    flavor: text('opiFlavour'),
    system: text('osUnit'),
    amount,
    currency,
  }
}
