import { expect, test } from 'vitest'
import { csvOf } from './save-file.ts'

test('CSV distinguishes null, empty strings and special characters', () => {
  expect(
    csvOf(
      ['a', 'b,c'],
      [
        [1, null],
        ['', 'x "y"'],
        ['12345678901234567890', 'two\nlines'],
        [true, [1, 2]],
      ],
    ),
  ).toBe('a,"b,c"\r\n1,\r\n"","x ""y"""\r\n12345678901234567890,"two\nlines"\r\ntrue,"[1,2]"\r\n')
})
