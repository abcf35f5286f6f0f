const leastSum = 0.01
const formats = new Map<string, Intl.NumberFormat>()

/** Exact decimals are text. Prices of an hour have five decimals, sums have those of the currency. */
export function money(amount: string | number, currency: string | null): string {
  const isPrice = typeof amount === 'number'
  const key = `${currency ?? ''} ${isPrice}`
  let format = formats.get(key)
  if (format === undefined) {
    format = formatOf(currency, isPrice ? 'price' : 'sum')
    formats.set(key, format)
  }
  return /^[A-Z]{3}$/.test(currency ?? '')
    ? format.format(amount as number)
    : `${format.format(amount as number)} ${currency ?? ''}`.trim()
}

function formatOf(currency: string | null, kind: 'price' | 'sum'): Intl.NumberFormat {
  const isPrice = kind === 'price'
  const digits = isPrice ? { minimumFractionDigits: 5, maximumFractionDigits: 5 } : {}
  // Credits of a provider are no currency of ISO 4217.
  return /^[A-Z]{3}$/.test(currency ?? '')
    ? new Intl.NumberFormat(undefined, { style: 'currency', currency: currency!, ...digits })
    : new Intl.NumberFormat(undefined, isPrice ? digits : { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}

/** A sum below a cent has two significant digits instead of 0.00. */
export function smallMoney(amount: string, currency: string | null): string {
  const value = Math.abs(Number(amount))
  if (value === 0 || value >= leastSum || !/^[A-Z]{3}$/.test(currency ?? '')) return money(amount, currency)
  return new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency: currency!,
    minimumFractionDigits: 0,
    maximumSignificantDigits: 2,
  }).format(Number(amount))
}

/** `+12.5 %`; undefined without an earlier amount. */
export function changeText(now: string, before: string | undefined): string | undefined {
  const [to, from] = [Number(now), Number(before ?? 0)]
  if (from === 0) return undefined
  return new Intl.NumberFormat(undefined, {
    style: 'percent',
    signDisplay: 'exceptZero',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  }).format((to - from) / Math.abs(from))
}
