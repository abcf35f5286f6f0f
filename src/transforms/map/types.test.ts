import { expect, test } from 'vitest'
import { problemOf, readExpression } from './expression.ts'

test.each([
  ['flow.bytes.startsWith("a")', /int\.startsWith\(string\)/],
  ['flow.src_addr + 1', /string \+ int/],
  ['flow.SrcAddr + 1', /string \+ int/],
  ['flow.time_start > 1', /Timestamp > int/],
  ['flow.bytes == null || flow.bytes.contains("a")', /int\.contains\(string\)/],
  ['flow.bytes && true', /requires bool/],
  ['event.type + 1', /string \+ int/],
])('%s fails with each row, and validation refuses it', (text, message) => {
  expect(problemOf(text)?.message).toMatch(message)
})

const row = { bytes: 5n, src_addr: '10.0.0.1', tcp_flags: 2n, extra: { a: { b: 1n } } }

test.each([
  ['flow.bytes == null', false],
  ['flow.src_addr == 5', false],
  ['flow.bytes > 1.5', true],
  ['has(flow.bytes) ? flow.bytes : "none"', 5n],
  ['[flow.bytes, flow.src_addr]', [5n, '10.0.0.1']],
  ['flow.extra.a.b + 1', 2n],
  ['"bytes" in flow', true],
  ['[1, 2].map(flow, flow + 1)', [2n, 3n]],
  ['event.data.count + flow.bytes', 7n],
  ['flag_names(flow.tcp_flags)', ['SYN']],
])('%s works, and validation accepts it', (text, value) => {
  expect(problemOf(text)).toBeUndefined()
  expect(readExpression(text).evaluate({ flow: row, event: { data: { count: 2n } } })).toEqual(value)
})
