import { expect, test } from 'vitest'
import { fileLines } from './run-browser.ts'

test('each ended test file and each failed test is reported once, however its line is split', () => {
  const lines: string[] = []
  const read = fileLines((line) => lines.push(line))
  read(' \u001B[32m✓\u001B[39m test/browser/checks/table.brow')
  read(
    'ser.ts \u001B[2m(9 tests)\u001B[22m 40123ms\n   \u001B[32m✓\u001B[39m check 7: sorting by any column ' +
      '\u001B[33m 1200ms\u001B[39m\n',
  )
  read(' ❯ test/browser/topology.browser.ts (6 tests | 1 failed) 31000ms\n   × check 8: pan 20ms\n')
  read('from datagram to row: 31 ms\n')
  expect(lines).toEqual([
    '✓ test/browser/checks/table.browser.ts (9 tests) 40123ms',
    '❯ test/browser/topology.browser.ts (6 tests | 1 failed) 31000ms',
    '× check 8: pan 20ms',
  ])
})
