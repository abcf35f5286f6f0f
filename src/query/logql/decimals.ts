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

function quotient(a: Decimal, b: Decimal): Decimal {
  if (b.digits === 0n) throw new TemplateError('decimal division by 0')
  const shift = places + b.scale - a.scale
  const [above, below] =
    shift >= 0 ? [a.digits * 10n ** BigInt(shift), b.digits] : [a.digits, b.digits * 10n ** BigInt(-shift)]
  const isNegative = above < 0n !== below < 0n
  const [size, by] = [above < 0n ? -above : above, below < 0n ? -below : below]
  const rounded = (2n * size + by) / (2n * by)
  return { digits: isNegative ? -rounded : rounded, scale: places }
}

function computed(a: Decimal, b: Decimal, operator: '+' | '-' | '*' | '/'): Decimal {
  if (operator === '/') return quotient(a, b)
  if (operator === '*') return { digits: a.digits * b.digits, scale: a.scale + b.scale }
  const scale = Math.max(a.scale, b.scale)
  const [left, right] = [scaled(a, scale), scaled(b, scale)]
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
