import fc from 'fast-check'
import { expect, test } from 'vitest'
import { costColumns, costFieldsOf, costMembers } from '../../model/cost-columns.ts'
import { cloudTypes } from '../../model/cloud.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { CostBodies } from './cost-bodies.ts'

const members = [...Object.values(costMembers), 'x_RowKey', 'ä"other']
const text = fc.oneof(fc.string(), fc.constantFrom('', 'USD', 'a"b', 'ä\n', '\\', '{"team":"web"}', '\u0001', '\ud800'))
const value = fc.oneof({ weight: 8, arbitrary: text }, fc.constantFrom(null, 1.5, true, { a: [1] }))
const whole = fc.dictionary(fc.constantFrom(...members), value).map((body) => JSON.stringify(body))
const regular = fc
  .tuple(...members.map(() => fc.option(text)))
  .map((values) => JSON.stringify(Object.fromEntries(members.map((name, at) => [name, values[at]]))))
const body = fc.oneof(
  whole,
  regular,
  whole.map((json) => ` ${json.replace(':', ' : ')}`),
  // Cut, or with another byte in one place.
  fc.tuple(regular, fc.nat(), fc.constantFrom('', '"', '\\', ',', '}', '\n', '\\u00e4')).map(([json, at, other]) => {
    const place = at % json.length
    return json.slice(0, place) + other + json.slice(place + 1)
  }),
  fc.constantFrom('{}', '', 'null', '{"Tags":"1","Tags":null}', '{"\\u0054ags":"1"}', '{"Tags":"1",}', '[]'),
)

test('columns are those of parsed bodies, for regular, other and broken bodies in any order', () => {
  fc.assert(
    fc.property(fc.array(body, { minLength: 1, maxLength: 12 }), (bodies) => {
      const events = bodies.map((json, at): WeirEvent => ({
        id: String(at),
        source: '/s',
        type: cloudTypes.cost,
        family: 'cost',
        encoding: 'json',
        data: Buffer.from(json),
      }))
      const words = new DictionaryBuilder()
      const read = new CostBodies(toEventBatch(events), words)
      for (const [row, event] of events.entries()) {
        const found = [...read.codes(row)].map((code) => (code === 0 ? undefined : words.strings[code]))
        const wanted = costFieldsOf(event) ?? {}
        expect(found, bodies[row]).toEqual(costColumns.map((name) => wanted[name]))
      }
    }),
    { numRuns: 500 },
  )
})
