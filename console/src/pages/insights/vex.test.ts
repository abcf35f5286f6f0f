import { describe, expect, test } from 'vitest'
import { readReports } from '../../../../src/codecs/sbom/index.ts'
import type { ProblemRow } from './requests.ts'
import { analysisDocument, exportDocument } from './vex.ts'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const row = (some: Partial<ProblemRow> = {}) =>
  ({
    id: 'CVE-2026-1',
    aliases: ['GHSA-aaaa-bbbb-cccc'],
    image: digest('a'),
    image_name: 'registry:5000/shop/web',
    waiver: null,
    waiver_reason: null,
    ...some,
  }) as ProblemRow
const waiversIn = async (document: object) => {
  const [report] = await readReports(new TextEncoder().encode(JSON.stringify(document)), 1 << 20, () => undefined)
  return report?.waivers
}

describe('OpenVEX', () => {
  test('an analysis is read as a waiver of its image', async () => {
    const analysis = { status: 'not_affected', reason: 'component_not_present', note: 'no JNDI' } as const
    const waivers = await waiversIn(analysisDocument(row(), analysis, 'Ann'))
    expect(waivers).toMatchObject([
      {
        id: 'CVE-2026-1',
        aliases: ['GHSA-aaaa-bbbb-cccc'],
        status: 'not_affected',
        justification: 'component_not_present',
        impact: 'no JNDI',
        author: 'Ann',
        image: digest('a'),
      },
    ])
    const later = await waiversIn(analysisDocument(row(), { ...analysis, status: 'affected' }, 'Bob'))
    expect(later?.[0]?.document).toBe(waivers?.[0]?.document)
    expect(later?.[0]).not.toHaveProperty('justification')
  })

  test('an export has each analysis with its images, and is read with the same waivers', async () => {
    const rows = [
      row({ waiver: 'not_affected', waiver_reason: 'component_not_present' }),
      row({ waiver: 'not_affected', waiver_reason: 'component_not_present', package: 'other' }),
      row({ waiver: 'not_affected', waiver_reason: 'component_not_present', image: digest('b'), image_name: null }),
      row({ waiver: 'affected', waiver_reason: 'free text', image: digest('c') }),
      row({ id: 'CVE-2026-2' }),
    ]
    const document = exportDocument(rows, 'Ann')
    expect(document.statements).toHaveLength(2)
    expect((await waiversIn(document))?.map(({ id, status, image }) => [id, status, image])).toEqual([
      ['CVE-2026-1', 'not_affected', digest('a')],
      ['CVE-2026-1', 'not_affected', digest('b')],
      ['CVE-2026-1', 'affected', digest('c')],
    ])
  })
})
