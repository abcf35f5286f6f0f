import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteBuffer } from '../../model/byte-buffer.ts'
import { pointLines } from './map-point.ts'

const text = fc.oneof(fc.constantFrom('a', 'b c', 'd,e', 'f=g', 'ä', '7', '__proto__', 'fields', ''), fc.string())
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => JSON.stringify(one)),
  fc.constantFrom('-0', '1.50', '1e3', '0.0000001', '9007199254740993', '18446744073709551615', '-7', '100.25'),
)
const written = fc.oneof(
  { weight: 3, arbitrary: number },
  text.map((one) => JSON.stringify(one)),
  fc.constantFrom('true', 'false', 'null'),
)
const object = (members: readonly (readonly [string, string])[]) =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`
const membersOf = (value: fc.Arbitrary<string>) => fc.array(fc.tuple(text, value), { maxLength: 4 })
const pointText = fc
  .record({
    name: text,
    labels: fc.option(membersOf(text.map((one) => JSON.stringify(one)))),
    fields: membersOf(written),
    after: fc.constantFrom('', ',"arrival":true', ',"special":{"x":"NaN"}', ',"kind":"gauge"'),
  })
  .map(({ name, labels, fields, after }) => {
    const labelled = labels === null ? '' : `,"labels":${object(labels)}`
    return `{"name":${JSON.stringify(name)}${labelled},"fields":${object(fields)}${after}}`
  })
const types = fc.dictionary(fc.constantFrom('a', 'b c', '7'), fc.constantFrom('float', 'int', 'uint', 'bool', 'text'))

test('writes as bytes the line that the general way writes', () => {
  let fast = 0
  const choices = fc.record({ measurement: fc.constantFrom(null, 'm'), types })
  fc.assert(
    fc.property(choices, fc.array(pointText, { minLength: 1, maxLength: 5 }), (choice, points) => {
      const { line, bytes } = pointLines(choice)
      const out = new ByteBuffer()
      for (const point of points) {
        const body = Buffer.from(` ${point} `)
        const from = out.at
        if (!bytes.append(body, 1, body.length - 1, out)) {
          expect(out.at).toBe(from)
          continue
        }
        fast++
        const dropped: string[] = []
        const general = line(point, '1', (reason) => dropped.push(reason))
        expect([`${out.text(from)} 1\n`, dropped]).toEqual([general, []])
      }
    }),
    { numRuns: 1000 },
  )
  expect(fast).toBeGreaterThan(100)
})
