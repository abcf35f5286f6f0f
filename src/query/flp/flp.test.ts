import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { NetObservReader } from '../../codecs/netobserv-json/index.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { compileLive, flowNames, readFilter } from '../index.ts'
import { readFlpFilter, type FlpFilter, type FlpFilterOptions } from './index.ts'

const plain: FlpFilterOptions = { flagNames: false, unknownKeys: 'error' }

function textOf(query: string, options: Partial<FlpFilterOptions> = {}): string {
  const read = readFlpFilter(query, { ...plain, ...options })
  return read.is === 'filter' ? read.text : `problem: ${read.problem}`
}

type Value = string | number | boolean | readonly (string | number)[]
type FlpRecord = Readonly<Record<string, Value>>

/** Rows that Weir's filter selects. */
function selected(read: FlpFilter, records: readonly FlpRecord[]): boolean[] {
  if (read.is === 'problem') throw new Error(read.problem)
  const flows = new FlowBuilder()
  const reader = new NetObservReader(flows)
  for (const record of records) expect(reader.read(JSON.stringify(record))).toBe(true)
  expect([...reader.wrong]).toEqual([])
  const matches = compileLive(readFilter(read.text, flowNames).bound)(flows.batch(), {
    source: 'agents',
    epoch: 1,
    sourceSequence: 1,
    received: 1_763_632_800_000,
  })
  return records.map((_, row) => matches(row))
}

/** The rules of flowlogs-pipeline, in the simplest form. */
function oracle(key: string, operator: string, value: string | number, record: FlpRecord): boolean {
  const found = record[key]
  if (typeof value === 'number') {
    if (found === undefined || Array.isArray(found) || typeof found === 'boolean') return false
    if (typeof found === 'string' && !/^[+-]?\d+$/.test(found)) return false
    const number = Math.trunc(Number(found))
    switch (operator) {
      case '=':
        return number === value
      case '!=':
        return number !== value
      case '<':
        return number < value
      case '<=':
        return number <= value
      case '>':
        return number > value
      default:
        return number >= value
    }
  }
  const variable = /^\$\((\w+)\)$/.exec(value)?.[1]
  const written = (one: Value | undefined): string =>
    one === undefined ? '' : Array.isArray(one) ? `[${one.join(' ')}]` : String(one)
  const equal =
    variable === undefined ? found === value : found !== undefined && written(found) === written(record[variable])
  switch (operator) {
    case '=':
      return equal
    case '!=':
      return !equal
    default: {
      const matches = found !== undefined && new RegExp(value, 'u').test(written(found))
      return matches === (operator === '=~')
    }
  }
}

const namespaces = ['shop', 'openshift-ingress', 'netobserv', '443', '+007', '']
const addresses = ['10.0.0.1', '10.1.2.3', '110.0.0.1', '192.168.7.8', '2001:db8::1', '::1']
const words: Readonly<Record<string, readonly string[]>> = {
  SrcK8S_Namespace: namespaces,
  DstK8S_Namespace: namespaces,
  SrcK8S_OwnerName: ['web', 'web-1', 'db'],
  SrcAddr: addresses,
  DstAddr: addresses,
  SrcMac: ['02:00:00:00:00:01', '0a:58:0a:80:00:01'],
  DnsFlagsResponseCode: ['NoError', 'NXDomain'],
}
const numbers: Readonly<Record<string, readonly number[]>> = {
  SrcPort: [22, 80, 443, 8080, 65_535],
  DstPort: [22, 80, 443, 8080, 65_535],
  Proto: [1, 6, 17],
  Bytes: [1, 80, 1500, 2 ** 40],
  Packets: [1, 80],
  Sampling: [1, 50],
  FlowDirection: [0, 1, 2],
  TimeFlowRttNs: [0, 80, 1_000_000],
  DnsLatencyMs: [0, 1, 80],
  IPSecRetCode: [-1, 0, 80],
  TimeFlowEndMs: [1_763_632_800_123],
}
const flags = ['FIN', 'SYN', 'ACK', 'SYN_ACK']
const regexes = [
  '^openshift-',
  'o',
  '^web$',
  'eth',
  '4',
  '^8',
  '0$',
  '^10\\.',
  '^(10\\.|192\\.168\\.)',
  'SYN',
  'x^',
  '.*',
]
const textKeys = Object.keys(words)
const numberKeys = Object.keys(numbers)

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const record = (flagNames: boolean): fc.Arbitrary<FlpRecord> =>
  fc
    .record({
      ...Object.fromEntries(
        textKeys.map((key) => [key, optional(fc.constantFrom(...(words[key] ?? []).filter((one) => one !== '')))]),
      ),
      ...Object.fromEntries(numberKeys.map((key) => [key, optional(fc.constantFrom(...(numbers[key] ?? [])))])),
      Interfaces: optional(fc.subarray(['eth0', 'eth1', 'ovn-k8s-mp0'], { minLength: 1 })),
      Flags: optional<Value>(flagNames ? fc.subarray(flags, { minLength: 1 }) : fc.constantFrom(2, 18, 443)),
      _IsFirst: optional(fc.boolean()),
      TimeReceived: fc.constantFrom(1_763_632_800, 1_763_632_801),
    })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as FlpRecord)

interface Condition {
  readonly text: string
  readonly holds: (record: FlpRecord) => boolean
}

const listKeys = ['Interfaces', 'Flags', '_IsFirst', 'TimeReceived']
const keys = [...textKeys, ...numberKeys, ...listKeys]
const anyKey = fc.constantFrom(...keys)
const presence: fc.Arbitrary<Condition> = fc
  .tuple(anyKey, fc.constantFrom('with', 'WITHOUT'))
  .map(([key, word]) => ({ text: `${word} ( ${key} )`, holds: (one) => key in one === (word === 'with') }))
const comparison: fc.Arbitrary<Condition> = fc
  .tuple(anyKey, fc.constantFrom('=', '!=', '<', '<=', '>', '>='), fc.constantFrom(0, 1, 2, 7, 80, 443, 1_763_632_801))
  .filter(([key, operator]) => !textKeys.includes(key) || !/[<>]/.test(operator) || /Addr|Mac/.test(key))
  .map(([key, operator, value]) => ({
    text: `${key}${operator}${value}`,
    holds: (one) => oracle(key, operator, value, one),
  }))
const equality: fc.Arbitrary<Condition> = fc
  .tuple(
    anyKey,
    fc.constantFrom('=', '!='),
    fc.constantFrom('shop', '443', '10.0.0.1', '02:00:00:00:00:01', 'web', '', 'eth0', 'true'),
  )
  .map(([key, operator, value]) => ({
    text: `${key} ${operator} ${JSON.stringify(value)}`,
    holds: (one) => oracle(key, operator, value, one),
  }))
const variable: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom(['SrcK8S_Namespace', 'DstK8S_Namespace'], ['SrcAddr', 'DstAddr'], ['SrcPort', 'DstPort']),
    fc.constantFrom('=', '!='),
  )
  .map(([[key = '', other = ''], operator]) => ({
    text: `${key} ${operator} "$(${other})"`,
    holds: (one) => oracle(key, operator, `$(${other})`, one),
  }))
const expression: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom(
      'SrcK8S_Namespace',
      'SrcK8S_OwnerName',
      'SrcAddr',
      'SrcPort',
      'Proto',
      'Interfaces',
      'Flags',
      '_IsFirst',
    ),
    fc.constantFrom('=~', '!~'),
    fc.constantFrom(...regexes),
  )
  .filter(([key, , pattern]) => {
    if (key === 'SrcAddr') return pattern.startsWith('^10') || pattern.startsWith('^(10')
    if (key === 'Interfaces') return /^\w+$/.test(pattern)
    // Other expressions on a port select too many ranges.
    return (key !== 'SrcPort' && key !== 'Flags') || !/^(?:4|0\$)$/.test(pattern)
  })
  .map(([key, operator, pattern]) => ({
    text: `${key} ${operator} \`${pattern}\``,
    holds: (one) => oracle(key, operator, pattern, one),
  }))
const condition = fc.oneof(presence, comparison, equality, variable, expression)

/** A chain without parentheses: each group between `and` is a disjunction. */
const query: fc.Arbitrary<Condition> = fc.letrec<{ chain: Condition; part: Condition }>((tie) => ({
  chain: fc
    .array(fc.array(tie('part'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((groups) => ({
      text: groups.map((group) => group.map(({ text }) => text).join(' OR ')).join(' and '),
      holds: (one) => groups.every((group) => group.some(({ holds }) => holds(one))),
    })),
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    tie('chain').map(({ text, holds }) => ({ text: `(${text})`, holds })),
  ),
})).chain

describe('a query of flowlogs-pipeline', () => {
  test.each([false, true])('selects the same flows as there (flags as names: %s)', (flagNames) => {
    fc.assert(
      fc.property(query, fc.array(record(flagNames), { minLength: 1, maxLength: 20 }), ({ text, holds }, records) => {
        const read = readFlpFilter(text, { flagNames, unknownKeys: 'error' })
        expect(selected(read, records), read.is === 'filter' ? `${text}\n${read.text}` : text).toEqual(
          records.map(holds),
        )
      }),
      { numRuns: drawnSize(40, 120) },
    )
  })

  test('case 44: binds or tighter than and', () => {
    expect(textOf('Proto = 6 or Proto = 17 and SrcPort = 53')).toBe('(proto = 6 or proto = 17) and src_port = 53')
    expect(textOf('Proto = 6 and SrcPort = 53 or DstPort = 53')).toBe('proto = 6 and (src_port = 53 or dst_port = 53)')
    expect(textOf('Proto = 6 and (SrcPort = 53 or DstPort = 53)')).toBe(
      'proto = 6 and (src_port = 53 or dst_port = 53)',
    )
  })

  test('is read from several lines, with comments and both kinds of quotes', () => {
    expect(
      textOf(
        '(SrcK8S_Namespace="netobserv" OR // 1st\n (SrcK8S_Namespace=`a\\b` AND /**/ DstK8S_Namespace="\\u00e4\\n"))',
      ),
    ).toBe('src_namespace = "netobserv" or src_namespace = "a\\b" and dst_namespace = "ä\n"')
  })

  test('compares fractions as whole numbers, and seconds of TimeReceived as a range', () => {
    expect(textOf('DnsLatencyMs > 10')).toBe('dns_latency >= 11')
    expect(textOf('DnsLatencyMs = 0')).toBe('dns_latency > -1 and dns_latency < 1')
    expect(textOf('TimeReceived = 1763632800')).toBe('time_received >= 1763632800000 and time_received < 1763632801000')
  })

  test('notes tests with the same result for every flow', () => {
    expect(readFlpFilter('Proto = "6" or Interfaces = "eth0"', plain)).toEqual({
      is: 'filter',
      text: 'bytes < 0',
      notes: [
        'comparing Proto with `6` is always false, as in flowlogs-pipeline',
        'comparing Interfaces with `eth0` is always false, as in flowlogs-pipeline',
      ],
    })
    expect(textOf('SrcAddr != "10.0.0.0/8"')).toBe('')
  })

  test('with a key that no flow has is refused, or the key counts as absent', () => {
    expect(textOf('SrcK8S_NameSpace = "shop"')).toBe(
      'problem: SrcK8S_NameSpace is no field of a flow; did you mean SrcK8S_Namespace?',
    )
    expect(textOf('without(workload) and Proto = 6', { unknownKeys: 'absent' })).toBe('proto = 6')
  })

  test.each([
    ['', 'position 1: expected the name of a field, not the end'],
    ['Proto = ', 'position 9: expected a string in quotes or an integer, not the end'],
    ['Proto == 6', 'position 8: expected a string in quotes or an integer, not `=`'],
    ['Proto = 0x6', 'position 9: 0x6 is not a decimal integer'],
    ['Proto = -6', 'position 9: - is not part of the language; numbers are not negative'],
    ["SrcK8S_Name = 'a'", "position 15: ' is not part of the language; write strings in double quotes"],
    ['SrcK8S_Name = "a', 'position 15: the string is not closed'],
    [
      'SrcK8S_Name =~ "a\\."',
      'position 16: \\. is not an escape; write the string in back quotes, or the backslash twice',
    ],
    ['SrcK8S_Name > "a"', 'position 15: expected an integer, not `a`'],
    ['Proto = 6 Proto = 7', 'position 11: expected `and`, `or` or the end, not `Proto`'],
    ['(Proto = 6', 'position 11: expected `)`, not the end'],
    ['SrcK8S_Name =~ `(`', /^regular expression of SrcK8S_Name: /],
    ['SrcK8S_Name = "$(SrcAddr)"', /^SrcK8S_Name cannot be compared with `\$\(SrcAddr\)`/],
    ['SrcK8S_Name = "a-$(DstK8S_Name)"', /only `\$\(Field\)` alone/],
    ['SrcAddr =~ "10."', /^this regular expression of SrcAddr has no equivalent/],
    ['SrcK8S_Name < 5', /^src_name is a text: < with a number has no equivalent/],
  ])('%s is refused', (text, problem) => {
    const read = readFlpFilter(text, plain)
    expect(read).toEqual({
      is: 'problem',
      problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
    })
  })
})
