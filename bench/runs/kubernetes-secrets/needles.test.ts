import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { formsOf, Needles } from './needles.ts'

test('each value is found as it is, in hex, and in base64 wherever it begins; other values are not', () => {
  const values = Array.from({ length: 300 }, (_, index) => randomBytes(16 + (index % 40)))
  const needles = new Needles()
  values.slice(0, 200).forEach((value, index) => needles.add(index, value))
  const hidden = values.flatMap((value, index) => [
    value,
    Buffer.from(value.toString('hex')),
    Buffer.from(value.toString('hex').toUpperCase()),
    ...[0, 1, 2, 3].flatMap((before) =>
      (['base64', 'base64url'] as const).map((form) =>
        Buffer.from(Buffer.concat([randomBytes(before), value, randomBytes(index % 5)]).toString(form)),
      ),
    ),
  ])
  const found = new Map<number, Set<string>>()
  needles.find(Buffer.concat(hidden.flatMap((bytes) => [bytes, randomBytes(3)])), (value, form) => {
    const forms = found.get(value) ?? new Set()
    found.set(value, forms.add(form))
  })
  expect([...found.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index))
  for (const [value, forms] of found)
    expect([...forms].sort()).toEqual(
      formsOf(values[value] ?? Buffer.alloc(0))
        .map(({ form }) => form)
        .sort(),
    )
})
