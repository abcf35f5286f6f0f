import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteBuffer } from '../../model/byte-buffer.ts'
import type { WeirEvent } from '../../model/events.ts'
import { flatPoints } from './flat-points.ts'
import { recordReader } from './formats.ts'
import { pointRow, recordParser } from './index.ts'
import type { RecordRules } from './rules.ts'
import { shaper } from './shape.ts'

const base: RecordRules = {
  format: 'json',
  lines: false,
  records: '',
  include: {},
  columns: [],
  delimiter: ',',
  pattern: null,
  to: 'point',
  name: 'tick',
  name_from: null,
  event_type: null,
  labels: ['symbol'],
  max_label_value: 2048,
  fields: ['price', 'size'],
  drop: [],
  line: null,
  severity: null,
  metadata: [],
  types: {},
  rename: {},
  time: null,
}
const given: WeirEvent = { id: 'a', source: '/s', type: 't', encoding: 'none', key: 'k' }
const received = 1_700_000_000_000

/** The outcome as plain values; a failure by its reason. */
function outcome(read: () => readonly WeirEvent[]) {
  try {
    return read().map(({ data, ...rest }) => ({ ...rest, text: Buffer.from(data ?? []).toString() }))
  } catch (error) {
    return (error as Error).message
  }
}

function inGeneral(rules: RecordRules, text: string) {
  const [read, shape] = [recordReader(rules), shaper(rules)]
  return outcome(() => read(text).map((record) => shape(record, given, given.id, received)))
}

/** Undefined: the general way is needed. */
function flatOutcome(rules: RecordRules, text: string) {
  const out = new ByteBuffer()
  out.utf8('before')
  const at = flatPoints(rules)?.(Buffer.from(text), given.time, out)
  if (at === undefined) {
    expect([undefined, 'before']).toContain(flatPoints(rules) && out.text())
    return undefined
  }
  return outcome(() => [
    { ...pointRow(given, rules, Number.isNaN(at) ? received : at), data: out.copy('before'.length) },
  ])
}

/** A number as it is written, perhaps invalid. */
class Digits {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('NaN', '1e3', '', '-0', '12', 'ä', '1.50'),
  fc
    .constantFrom('-0', '1.50', '0.000001', '0.0000001', '1e400', '123456789012345678', '-7', '100.25', '01', '.5')
    .map((digits) => new Digits(digits)),
  fc.record({ nested: fc.integer() }),
)
const names = ['symbol', 'price', 'size', 'at', 'type', '__proto__', '7']
const jsonOf = (members: readonly (readonly [string, unknown])[]) =>
  `{${members.map(([name, one]) => `${JSON.stringify(name)}:${textOf(one)}`).join()}}`
const textOf = (one: unknown) =>
  one instanceof Digits ? one.text : typeof one === 'bigint' ? String(one) : JSON.stringify(one)

it('makes of a flat object what the general way makes', () => {
  let flat = 0
  const rules = fc.record({
    labels: fc.subarray(names.slice(0, 5)),
    fields: fc.oneof(
      { weight: 4, arbitrary: fc.subarray(names.slice(0, 4), { minLength: 1 }) },
      { weight: 1, arbitrary: fc.subarray(names, { minLength: 1 }) },
    ),
    drop: fc.subarray(['type']),
    types: fc.dictionary(fc.constantFrom(...names), fc.constantFrom('int', 'float', 'string', 'bool'), { maxKeys: 2 }),
    rename: fc.dictionary(fc.constantFrom(...names), fc.constantFrom('x', 'price'), { maxKeys: 1 }),
    time: fc.constantFrom(null, { from: 'at', format: 'unix_ms', zone: 'UTC', ambiguous: 'earlier' } as const),
  })
  const members = fc.array(fc.tuple(fc.constantFrom(...names.slice(0, 5), ...names), value), { maxLength: 6 })
  fc.assert(
    fc.property(rules, members, (some, all) => {
      const chosen: RecordRules = { ...base, ...some }
      const text = jsonOf(all)
      const point = flatOutcome(chosen, text)
      if (point === undefined) return
      flat++
      expect(point).toEqual(inGeneral(chosen, text))
    }),
    { numRuns: 6000 },
  )
  expect(flat).toBeGreaterThan(50)
})

it('takes the short way for a tick', () => {
  const rules = { ...base, time: { from: 'at', format: 'unix', zone: 'UTC', ambiguous: 'earlier' } as const }
  const text = '{"symbol":"S1", "price":100.5,"size":9007199254740993,"at":1732500000,"other":true}'
  const [event] = recordParser(rules)(text, given, received)
  expect(flatOutcome(rules, text)).toEqual(inGeneral(rules, text))
  expect(event).toMatchObject({ id: 'a', family: 'point', subject: 'tick', time: 1_732_500_000_000, key: 'k' })
  expect(Buffer.from(event?.data ?? []).toString()).toBe(
    '{"name":"tick","labels":{"symbol":"S1"},"fields":{"price":100.5,"size":9007199254740993}}',
  )
})

it.each([
  ['{"price":', 'the text is not valid JSON'],
  ['{"symbol":"S"}', 'the record has no field for a point'],
  ['{"price":"abc"}', '`price` is no float: abc'],
])('states the reason for %s', (text, reason) => {
  expect(outcome(() => recordParser({ ...base, types: { price: 'float' } })(text, given, received))).toContain(reason)
})
