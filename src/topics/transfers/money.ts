/** Exact money of bytes. */
import { addDecimals } from '../../codecs/focus/index.ts'

const scale = 10n ** 9n
const digits = 9

/** `bytes` × `price` ÷ `unit`, rounded half up at the ninth decimal. Prices have up to nine decimals. */
export function moneyOf(bytes: bigint, price: string, unit: bigint): string {
  const [whole = '0', fraction = ''] = price.split('.')
  const scaledPrice = BigInt(whole) * scale + BigInt(fraction.padEnd(digits, '0'))
  const amount = (2n * bytes * scaledPrice + unit) / (2n * unit)
  return addDecimals([`${amount / scale}.${String(amount % scale).padStart(digits, '0')}`])
}
