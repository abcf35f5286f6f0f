import { expect, test } from 'vitest'
import { merged } from '../../test/kit/support-reporter.ts'
import type { SupportRow } from '../../src/engine/manifest.ts'
import { supportRows } from '../docs/support.ts'
import type { SupportResult } from '../kit/support-results.ts'
import { supportProblems } from './support-table.ts'

const result = (more: Partial<SupportResult> = {}): SupportResult => ({
  system: 'bus',
  role: 'sink',
  server: 'busd',
  version: '1.0',
  order: 'by key',
  tests_passed: 3,
  proved_by: 'bus-sink.test.ts',
  ...more,
})
const source = result({ role: 'source', proved_by: 'bus-source.test.ts' })
const names: readonly SupportRow[] = [{ system: 'bus', name: 'The bus' }]
const connectors = { source: ['bus'], sink: ['bus'], journal: [] }
const problems = (more: {
  names?: readonly SupportRow[]
  results?: readonly SupportResult[]
  exists?: () => boolean
}): string[] =>
  supportProblems(
    { names: more.names ?? names, results: more.results ?? [source, result()] },
    connectors,
    more.exists ?? (() => true),
  ).map(({ message }) => message)

test('claims without results, missing rows, and results that cannot be repeated are problems', () => {
  expect(problems({})).toEqual([])
  expect(problems({ results: [source] })).toEqual([expect.stringContaining('connector bus has no row as sink')])
  expect(problems({ names: [] })).toHaveLength(4)
  expect(problems({ names: [...names, { system: 'other', name: 'Another' }] })).toEqual([
    expect.stringContaining('Another: no test has proved anything'),
  ])
  expect(problems({ names: [{ ...names[0]!, parts: ['topics'] }] })).toEqual([
    expect.stringContaining('The bus: no test has proved topics'),
  ])
  expect(problems({ exists: () => false })).toEqual([
    expect.stringContaining('is gone'),
    expect.stringContaining('is gone'),
  ])
})

test('a row has roles, order, servers and versions as tests proved them', () => {
  const row = (results: readonly SupportResult[], name = names[0]!): readonly string[] =>
    supportRows([name], results)[0]?.slice(1) ?? []
  expect(row([source, result()])).toEqual(['`bus`', '`bus`', '–', 'by key', 'busd', '1.0'])
  expect(row([source, result({ server: 'a list', stand_in: true })])).toEqual([
    '`bus`',
    '`bus`',
    '–',
    'by key',
    'busd, a list (stand-in, as sink)',
    '1.0, 1.0',
  ])
  expect(row([source, result(), result({ server: 'a list', stand_in: true })])[4]).toBe('busd')
  expect(row([result({ stand_in: true })], { ...names[0]!, remark: 'never the real one' })[4]).toBe(
    'busd (stand-in), never the real one',
  )
  const { order: _, ...unordered } = result({ part: 'plain queues' })
  expect(row([result({ part: 'FIFO queues' }), unordered])[3]).toBe('by key (FIFO queues)')
  expect(row([result({ role: 'source', order: 'as received' }), result()])[3]).toBe(
    'as source: as received; as sink: by key',
  )
  expect(row([result({ role: 'journal', order: 'as written' })])).toEqual(['–', '–', 'yes', '–', 'busd', '1.0'])
})

test('a run renews what its files prove, takes out what failed, and keeps what could not run here', () => {
  const known = [result(), source, result({ system: 'gone', proved_by: 'bus-sink.test.ts' })]
  const file = { file: 'bus-sink.test.ts', failed: false, whole: true, results: [result({ version: '2.0' })] }
  expect(merged(known, [file])).toEqual({ results: [result({ version: '2.0' }), source], notes: [] })
  expect(merged(known, [{ ...file, whole: false, results: [] }])).toMatchObject({
    results: [known[0], source, known[2]],
    notes: [expect.stringContaining('are kept')],
  })
  expect(merged(known, [{ ...file, failed: true, whole: false }])).toMatchObject({
    results: [source],
    notes: [expect.stringContaining('failed')],
  })
  expect(merged([], [{ ...file, whole: false }]).results).toEqual([])
})
