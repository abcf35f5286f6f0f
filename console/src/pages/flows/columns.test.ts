import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { everyView } from '../../../../src/api/views.ts'
import { fieldsOf, flowColumns, sortFields } from './columns.tsx'
import { defaultColumns } from './default-columns.ts'

const columns = flowColumns(everyView['flows'] ?? [])
const usual = defaultColumns.flatMap((id) => columns.get(id) ?? [])
const cell = (id: string, values: Readonly<Record<string, unknown>>): string =>
  renderToStaticMarkup(columns.get(id)?.cell((name) => values[name] ?? null)).replaceAll(/<[^>]*>/g, '')

test('table, sort order and CSV use the estimate of a sampled flow with its factor', () => {
  expect(usual.map(({ title }) => title)).toEqual(expect.arrayContaining(['Bytes', 'Packets']))
  expect(fieldsOf(usual)).toEqual(expect.arrayContaining(['bytes_est', 'packets_est', 'sampling']))
  expect(fieldsOf(usual)).not.toContain('bytes')
  expect(sortFields('-bytes_est', columns)).toBe('-bytes_est')
  expect(cell('bytes_est', { bytes: 1500, bytes_est: 150_000, sampling: 100 })).toBe('150,000 ≈ ×100')
  expect(cell('packets_est', { packets_est: '9007199254740993', sampling: 2 })).toBe('9,007,199,254,740,993 ≈ ×2')
})

test('an unsampled estimate has no factor, and the reported value is a separate column', () => {
  expect(cell('bytes_est', { bytes_est: 1500, sampling: 1 })).toBe('1,500')
  expect(cell('bytes_est', { bytes_est: 1500 })).toBe('1,500')
  expect(cell('bytes', { bytes: 1500, bytes_est: 150_000, sampling: 100 })).toBe('1,500')
  expect(columns.get('bytes')?.title).toBe('Bytes, reported')
})
