/** Arithmetic of templates in decimals, so that 0.1 + 0.2 is 0.3. */
import { TemplateError } from './template-values.ts'

/** `digits` × 10^-`scale`. */
type Decimal = Readonly<{ digits: bigint; scale: number }>

/** Places of a quotient, as in Loki. */
const places = 16
const maxScale = 2000

/** The shortest text of a float is the decimal. NaN and infinity have none. */
function decimalOf(value: number): Decimal {
  if (!Number.isFinite(value)) throw new TemplateError(`${value} is no decimal`)
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const [whole = '', rest = ''] = mantissa.split('.')
  return { digits: BigInt(whole + rest), scale: rest.length - Number(exponent) }
}

function scaled({ digits, scale }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - scale)
}

function quotient(one: Decimal, other: Decimal): Decimal {
  if (other.digits === 0n) throw new TemplateError('decimal division by 0')
  const shift = places + other.scale - one.scale
  const [above, below] =
    shift >= 0 ? [one.digits * 10n ** BigInt(shift), other.digits] : [one.digits, other.digits * 10n ** BigInt(-shift)]
  const isNegative = above < 0n !== below < 0n
  const [size, by] = [above < 0n ? -above : above, below < 0n ? -below : below]
  const rounded = (2n * size + by) / (2n * by)
  return { digits: isNegative ? -rounded : rounded, scale: places }
}

function computed(one: Decimal, other: Decimal, operator: '+' | '-' | '*' | '/'): Decimal {
  if (operator === '/') return quotient(one, other)
  if (operator === '*') return { digits: one.digits * other.digits, scale: one.scale + other.scale }
  const scale = Math.max(one.scale, other.scale)
  const [left, right] = [scaled(one, scale), scaled(other, scale)]
  return { digits: operator === '+' ? left + right : left - right, scale }
}

/** From left to right. */
export function decimals([first = 0, ...rest]: readonly number[], operator: '+' | '-' | '*' | '/'): number {
  const { digits, scale } = rest.reduce<Decimal>((sum, value) => {
    const next = computed(sum, decimalOf(value), operator)
    if (Math.abs(next.scale) > maxScale) throw new TemplateError('the decimal has too many digits')
    return next
  }, decimalOf(first))
  return Number(`${digits}e${-scale}`)
}
