import { expect, test } from 'vitest'
import { samplingFindings } from './sampling.ts'

const sampled = { exporter: '192.0.2.1', flows: 9, known: 9, largest: 1000 }
const unknown = { exporter: '192.0.2.2', flows: 9, known: 0, largest: null }

test('exporters without a sampling interval are named if another one is sampled', () => {
  expect(samplingFindings([sampled, unknown]).map(({ fact }) => fact)).toEqual([
    '192.0.2.2 report no sampling interval, and 192.0.2.1 reports 1 in 1000: estimates take the former as unsampled',
  ])
  expect(samplingFindings([sampled, ...Array.from({ length: 7 }, () => unknown)])[0]?.fact).toMatch(/and 2 others/)
})

test('without a sampled exporter, or with known intervals, there is nothing to report', () => {
  expect(samplingFindings([unknown, { ...sampled, largest: 1 }])).toEqual([])
  expect(samplingFindings([sampled, { ...unknown, known: 1, largest: 1 }])).toEqual([])
})
