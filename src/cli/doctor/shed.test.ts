import { expect, test } from 'vitest'
import { shedFindings } from './shed.ts'

test('data that was not stored is reported by source and reason, with an action', () => {
  expect(shedFindings({ name: 'metrics', shed: { native_histogram: 12, exemplar: 0 } })).toEqual([
    {
      check: 'source metrics',
      status: 'warn',
      fact: '12 not stored: native histogram',
      advice: expect.stringContaining('send_native_histograms: false') as string,
    },
  ])
  const refused = shedFindings({ name: 'sbom', shed: { unknown_format: 2, no_image: 1, later_reason: 1 } })
  expect(refused.map(({ fact }) => fact)).toEqual([
    '2 not stored: unknown format',
    '1 not stored: no image',
    '1 not stored: later reason',
  ])
  expect(refused.every(({ advice = '' }) => advice.startsWith('T') || /document/.test(advice))).toBe(true)
  expect(shedFindings({ name: 'sbom', shed: {} })).toEqual([])
})
