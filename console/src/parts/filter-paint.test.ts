import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partsOf } from './filter-paint.tsx'

const painted = (filter: string): string =>
  partsOf(filter)
    .filter(({ text }) => text.trim() !== '')
    .map(({ is, text }) => `${is}:${text.trim()}`)
    .join(' ')

test('fields, keywords and values of a filter are distinguished', () => {
  expect(painted('dst.namespace = shop and dst.port in (5432, 6379) and not src.owner ~ probe')).toBe(
    'name:dst.namespace sign:= value:shop word:and name:dst.port word:in sign:( value:5432 sign:, ' +
      'value:6379 sign:) word:and word:not name:src.owner sign:~ value:probe',
  )
  expect(painted('exists(src_name) and "and" != proto')).toBe(
    'word:exists sign:( name:src_name sign:) word:and value:"and" sign:!= value:proto',
  )
  expect(painted('src_addr not in (10.0.0.0/8, fd00::/8) or either(ns = "a \\" or b")')).toBe(
    'name:src_addr word:not word:in sign:( value:10.0.0.0/8 sign:, value:fd00::/8 sign:) word:or ' +
      'word:either sign:( name:ns sign:= value:"a \\" or b" sign:)',
  )
})

test('the tokens cover any text without gaps', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({
          unit: fc.constantFrom('a', '.', '"', '\\', ' ', '(', ')', '!', '=', '~', ',', '1', 'in', 'not ', 'exists'),
        }),
      ),
      (filter) => {
        expect(
          partsOf(filter)
            .map(({ text }) => text)
            .join(''),
        ).toBe(filter)
      },
    ),
  )
})
