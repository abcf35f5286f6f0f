/** Types of values. Throws with the reason. */
import type { Scalar } from './formats.ts'
import type { ValueType } from './rules.ts'

const [minInt, maxInt, maxUint] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n]
const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
}
const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  t: true,
  f: false,
  yes: true,
  no: false,
  '1': true,
  '0': false,
}

export function converted(name: string, value: Scalar, type: ValueType): Scalar {
  const fails = () => new Error(`\`${name}\` is no ${type}: ${String(value).slice(0, 64)}`)
  switch (type) {
    case 'string':
      return String(value)
    case 'bool': {
      const boolean = booleans[String(value).trim().toLowerCase()]
      if (boolean === undefined) throw fails()
      return boolean
    }
    case 'float': {
      const text = typeof value === 'string' ? value.trim() : String(Number(value))
      const named = special[text.toLowerCase()]
      if (named !== undefined) return named
      if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) || typeof value === 'boolean') throw fails()
      return Number(text)
    }
    case 'int':
    case 'uint': {
      const text = typeof value === 'boolean' ? String(Number(value)) : String(value).trim()
      if (!/^[+-]?\d+(?:\.0*)?$/.test(text)) throw fails()
      const exact = BigInt(text.replace(/^\+/, '').replace(/\..*$/, ''))
      if (exact < (type === 'int' ? minInt : 0n) || exact > (type === 'int' ? maxInt : maxUint)) throw fails()
      const number = Number(exact)
      return Number.isSafeInteger(number) ? number : exact
    }
  }
}
