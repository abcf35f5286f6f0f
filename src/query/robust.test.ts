import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import type { Resolver } from '../engine/contracts.ts'
import { formatIp } from '../model/ip.ts'
import { QueryError } from './ast.ts'
import { readFilter } from './index.ts'
import { compileLive } from './live.ts'
import { eventNames, flowNames } from './names.ts'
import { compileSql } from './sql.ts'
import { header } from './testing/agreement.ts'
import { randomExpression } from './testing/expressions.ts'
import { makeBatch, makeView } from './testing/tables.ts'
import { compareBytes } from '../model/text-order.ts'
import { wildcardTest } from './wildcard.ts'

function damaged(random: SeededRandom, text: string): string {
  const pieces = [
    '(',
    ')',
    '"',
    "'",
    '\\',
    ',',
    '=',
    '!',
    '~',
    '<',
    'not',
    'and',
    'in',
    'exists',
    'either(',
    'any.',
    '..',
    '-',
    '1e99',
    '0x',
    '10m',
    '\u{1f600}',
    '/33',
    '::',
    '*',
    '\n',
  ]
  const at = random.integer(0, text.length)
  const to = random.integer(at, Math.min(text.length, at + 8))
  return text.slice(0, at) + random.pick([...pieces, text.slice(at, to).repeat(2), '']) + text.slice(to)
}

test('every text is a filter that all compilers accept, or an error with a position in the text', async () => {
  const random = new SeededRandom(5)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  for (const names of [flowNames, eventNames]) await makeView(connection, names, [{ id: 'a' }])
  let [taken, refused] = [0, 0]
  for (let each = 0; each < 1800; each++) {
    const names = random.chance(0.7) ? flowNames : eventNames
    let text = randomExpression(random, names).text
    for (let times = random.integer(1, 3); times > 0; times--) text = damaged(random, text)
    try {
      const { bound, normal } = readFilter(text, names)
      await connection.run(`SELECT count(*) FROM ${names.view} WHERE ${compileSql(bound)}`)
      compileLive(bound)
      expect(readFilter(normal, names).normal).toBe(normal)
      taken++
    } catch (error) {
      if (!(error instanceof QueryError)) throw new Error(`${text} ends in ${String(error)}`, { cause: error })
      for (const { from, to, message } of error.problems) {
        expect({
          text,
          from,
          to,
          inside: from >= 0 && from <= to && to <= text.length,
          message: message !== '',
        }).toEqual({ text, from, to, inside: true, message: true })
      }
      refused++
    }
  }
  expect(Math.min(taken, refused)).toBeGreaterThan(50)
  connection.closeSync()
})

test('names that no flow carries are those of its addresses at the time of the flow', () => {
  const lookups: [string, number, string][] = []
  const resolver: Resolver = {
    generation: 1,
    resolve(words, offset, time, scope) {
      lookups.push([formatIp(words, offset), time, scope])
      return words[offset + 3] === 0x0a000001
        ? { is: 'endpoint', endpoint: { name: 'gateway', label: 'core' } }
        : { is: 'unknown' }
    },
  }
  const address = (low: bigint): bigint => (0xffffn << 32n) | low
  const batch = makeBatch(flowNames, [
    {
      src_addr: address(0x0a000001n),
      dst_addr: address(2n),
      time_start: 5_000_000n,
      time_end: 9_000_000n,
      scope: 'lab',
    },
    { src_addr: address(0x0a000001n), dst_addr: address(0x0a000001n), src_name: 'carried' },
    { dst_addr: address(0x0a000001n), src_name: 'gateway' },
  ])
  const rows = (filter: string, resolved = true): number[] =>
    [0, 1, 2].filter(compileLive(readFilter(filter, flowNames).bound)(batch, header, resolved ? resolver : undefined))
  expect(rows('src.name = gateway')).toEqual([0, 2])
  expect(lookups[0]).toEqual(['10.0.0.1', 5000, 'lab'])
  expect(lookups[1]).toEqual(undefined)
  expect(rows('any.label = core')).toEqual([0, 1, 2])
  expect(rows('src.name != gateway')).toEqual([1])
  expect(rows('src.name = dst.name')).toEqual([2])
  expect(rows('src.name ~ "^gate"', false)).toEqual([2])
  expect(rows('not exists(src.label)')).toEqual([2])
})

test('texts are ordered by their bytes', () => {
  const texts = [
    '',
    'a',
    'aa',
    'b',
    '\u007f',
    '\u0080',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
    'a\u{10000}',
    'a\uffff',
  ]
  for (const a of texts)
    for (const b of texts)
      expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
})

test('a wildcard matches whole texts, and parts do not overlap', () => {
  const is = (wildcard: string, text: string): boolean => wildcardTest(wildcard)(text)
  expect([is('*', ''), is('a*', 'a'), is('*a', 'ba'), is('a*a', 'aa'), is('**', 'x')]).toEqual([
    true,
    true,
    true,
    true,
    true,
  ])
  expect([is('a*a', 'a'), is('ab*ba', 'aba'), is('*ab*b', 'ab'), is('a*b*c', 'acb'), is('a', 'ab')]).toEqual([
    false,
    false,
    false,
    false,
    false,
  ])
  expect(wildcardTest('*a'.repeat(50))(`${'a'.repeat(100_000)}b`)).toBe(false)
})
