// PromQL at random over the series of series.ts. topk is left out: equal values have no defined order.
import { SeededRandom } from '../../kit/random.ts'

export function generatedPromql(seed: number, count: number): string[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: count }, () => vector(random, 3))
}

const selectors = [
  'http_requests_total',
  'http_requests_total{code=~"2..|404"}',
  'temperature',
  'temperature{room!="attic"}',
  'up{job!~"d.*"}',
  'request_seconds_count',
  'flaky',
]
const shifts = ['', '', '', ' offset 3m', ' offset -45s', ' @ end()', ' @ 1700001000.5', ' @ start() offset 1m']
const labels = ['job', 'instance', 'code', 'room', 'floor']
const overTime = ['avg', 'min', 'max', 'sum', 'count', 'stddev', 'last', 'present'].map((each) => `${each}_over_time`)
const ofRange = [...overTime, 'rate', 'increase', 'irate', 'delta', 'idelta', 'deriv', 'resets', 'changes']
const ofVector = ['abs', 'ceil', 'floor', 'sgn', 'exp', 'ln', 'sqrt', 'round', 'timestamp', 'absent', 'sort']
const aggregations = ['sum', 'avg', 'min', 'max', 'count', 'stddev', 'group']
const operators = ['+', '-', '*', '/', '%', '>', '<=', '== bool', '!= bool']
const matched = ['+', '/', '>', 'and', 'or', 'unless']

function vector(random: SeededRandom, depth: number): string {
  if (depth === 0) return random.pick(selectors) + random.pick(shifts)
  const inner = (): string => vector(random, depth - 1)
  const pick = (...items: string[]): string => random.pick(items)
  const shift = (): string => random.pick(shifts)
  const names = labels.filter(() => random.chance(0.4)).join(', ')
  switch (random.integer(0, 7)) {
    case 0:
      return `${random.pick(ofVector)}(${inner()})`
    case 1:
    case 2:
      return `${random.pick(ofRange)}(${random.pick(selectors)}[${pick('1m', '2m', '5m', '95s')}]${shift()})`
    case 3:
      return `${random.pick(ofRange)}((${inner()})[${pick('3m:30s', '5m:1m', '4m:')}]${shift()})`
    case 4:
      return `${random.pick(aggregations)} ${pick('by', 'without')} (${names}) (${inner()})`
    case 5:
      return `(${inner()}) ${random.pick(operators)} ${pick('2', '-0.5', '1e3', 'scalar(up)')}`
    case 6:
      return `(${inner()}) ${random.pick(matched)} ${pick('on', 'ignoring')} (${names}) (${inner()})`
    default:
      return `quantile by (${names}) (${pick('0.5', '0.9', '0')}, ${inner()})`
  }
}
