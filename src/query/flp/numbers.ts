import type { QueryField } from '../names.ts'
import { exists, joined, test, type Meaning } from './meaning.ts'
import { FlpQueryProblem, type FlpOperator } from './tree.ts'

/** Fields that flowlogs-pipeline omits when they are zero. */
const absentWhenZero = new Set(['bytes', 'packets', 'sampling'])

/** Last millisecond of the year 9999. */
const lastMs = 253_402_300_799_999n

export function present({ name }: QueryField): Meaning {
  return absentWhenZero.has(name) ? test(name, '>=', '1') : exists(name)
}

/** An absent field satisfies no comparison with a number, not even `!=`. Throws FlpQueryProblem. */
export function comparesNumber(field: QueryField, operator: FlpOperator, value: bigint): Meaning {
  switch (field.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64':
    case 'i32':
      return comparesInteger(field, operator, value)
    case 'f64':
      return between(field, operator, value, truncated(field.name))
    case 'time':
      return between(field, operator, value, instants(field.name))
    case 'dict':
    case 'text':
      return comparesText(field, operator, value)
    default:
      // Addresses, lists and objects are no integers to flowlogs-pipeline.
      return false
  }
}

function comparesInteger(field: QueryField, operator: FlpOperator, value: bigint): Meaning {
  const { name } = field
  const compared = (sign: '=' | '!=' | '<' | '<=' | '>' | '>=') => test(name, sign, String(value))
  switch (operator) {
    case '!=':
      return joined('and', [present(field), compared('!=')])
    case '=':
    case '>':
    case '>=':
    case '<':
    case '<=':
      return absentWhenZero.has(name) ? joined('and', [present(field), compared(operator)]) : compared(operator)
    default:
      return false
  }
}

type Bounds = Readonly<{
  /** Values that flowlogs-pipeline reads as `value` or more. */
  from: (value: bigint) => Meaning
  /** Values that flowlogs-pipeline reads as less than `value`. */
  below: (value: bigint) => Meaning
}>

function between(field: QueryField, operator: FlpOperator, value: bigint, { from, below }: Bounds): Meaning {
  switch (operator) {
    case '=':
      return joined('and', [from(value), below(value + 1n)])
    case '!=':
      return joined('or', [below(value), from(value + 1n)])
    case '>=':
      return from(value)
    case '>':
      return from(value + 1n)
    case '<':
      return below(value)
    case '<=':
      return below(value + 1n)
    default:
      return exists(field.name)
  }
}

/** flowlogs-pipeline truncates fractions towards zero. */
function truncated(name: string): Bounds {
  return {
    from: (value) => (value > 0n ? test(name, '>=', String(value)) : test(name, '>', String(value - 1n))),
    below: (value) => (value > 0n ? test(name, '<', String(value)) : test(name, '<=', String(value - 1n))),
  }
}

/** `TimeReceived` is in seconds, the other times are in milliseconds. */
function instants(name: string): Bounds {
  const unit = name === 'time_received' ? 1000n : 1n
  return {
    from: (value) => value * unit <= lastMs && test(name, '>=', String(value * unit)),
    below: (value) => (value * unit <= lastMs ? test(name, '<', String(value * unit)) : exists(name)),
  }
}

/** flowlogs-pipeline parses the text of a field that is compared with a number. */
function comparesText({ name }: QueryField, operator: FlpOperator, value: bigint): Meaning {
  const same = test(name, '~', value === 0n ? '^[+-]?0+$' : `^\\+?0*${value}$`)
  if (operator === '=') return same
  if (operator !== '!=')
    throw new FlpQueryProblem(
      `${name} is a text: ${operator} with a number has no equivalent; write a regular expression`,
    )
  return typeof same === 'boolean' ? same : joined('and', [test(name, '~', '^[+-]?[0-9]+$'), { is: 'not', part: same }])
}
