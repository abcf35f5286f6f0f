import { describe, expect, it, test } from 'vitest'
import { insightTypes } from '../../model/image-insights.ts'
import type { WeirEvent } from '../../model/events.ts'
import { event } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const at = (minute: number): number => Date.parse('2026-11-20T10:00:00Z') + minute * 60_000
const iso = (minute: number): string => new Date(at(minute)).toISOString()

interface Written {
  readonly image?: string
  readonly tool?: string
  readonly minute: number
  /** `name@version`. */
  readonly packages?: readonly string[]
  /** `id name@version severity fixed`. */
  readonly problems?: readonly string[]
}

let made = 0

/** As a report of a tool; `complete: false` lacks the event that ends it. */
function report(
  { image = digest('a'), tool = 'syft', minute, packages, problems }: Written,
  complete = true,
): WeirEvent[] {
  const id = `r${made++}`
  const about = { source: `/images/${tool}`, time: at(minute), key: image, ref: `image:shop/web@${image}` }
  const list = (packages ?? []).map((text, index) => {
    const [name, version] = text.split('@')
    return event(`${id}-p${index}`, {
      ...about,
      type: insightTypes.package,
      family: 'package',
      subject: `pkg:npm/${text}`,
      json: { report: id, name, version, type: 'npm', purl: `pkg:npm/${text}`, licenses: ['MIT'] },
    })
  })
  const found = (problems ?? []).map((text, index) => {
    const [name, place, severity, fixed] = text.split(' ')
    const [of, version] = (place ?? '').split('@')
    return event(`${id}-v${index}`, {
      ...about,
      type: insightTypes.problem,
      family: 'problem',
      subject: `${name} pkg:npm/${place}`,
      json: { report: id, id: name, severity, score: 0.98, package: of, version, purl: `pkg:npm/${place}`, fixed },
    })
  })
  const end = event(`${id}-r`, {
    ...about,
    type: insightTypes.report,
    family: 'fact',
    json: {
      report: id,
      image: { digest: image, name: 'shop/web', tags: ['1.0'] },
      tool: { name: tool, version: '1.2' },
      format: 'syft-json',
      packages: packages?.length,
      problems: problems?.length,
      severities: problems === undefined ? undefined : { CRITICAL: problems.length },
      sha256: id,
      origin: 'a.json',
    },
  })
  return [...list, ...found, ...(complete ? [end] : [])]
}

const validity = async (events: readonly WeirEvent[]): Promise<unknown> => {
  const { reader } = await stores.filled([...events])
  const rows = await queryRows(reader, 'SELECT name, version, valid_from, valid_to FROM packages ORDER BY 3, 1, 2')
  return rows.map(({ name, version, valid_from: from, valid_to: to }) => `${name}@${version} ${from} ${to}`)
}

describe('packages', () => {
  it('has the packages of an image with their report', async () => {
    const { reader } = await stores.filled(report({ minute: 0, packages: ['a@1', 'b@2'] }))
    expect(await queryRows(reader, 'SELECT * EXCLUDE (data) FROM packages ORDER BY name')).toEqual(
      ['a@1', 'b@2'].map((text) => ({
        name: text.split('@')[0],
        version: text.split('@')[1],
        type: 'npm',
        purl: `pkg:npm/${text}`,
        licenses: 'MIT',
        image: digest('a'),
        image_name: 'shop/web',
        tool: 'syft',
        tool_version: '1.2',
        valid_from: iso(0),
        valid_to: null,
        ref: `image:shop/web@${digest('a')}`,
      })),
    )
  })

  it('is valid from the report that first has the package until the one that lacks it', async () => {
    const reports = [['a@1', 'b@1'], ['a@1', 'b@2'], ['a@1'], ['a@1', 'b@2']].flatMap((packages, minute) =>
      report({ minute, packages }),
    )
    expect(await validity(reports)).toEqual([
      `a@1 ${iso(0)} null`,
      `b@1 ${iso(0)} ${iso(1)}`,
      `b@2 ${iso(1)} ${iso(2)}`,
      `b@2 ${iso(3)} null`,
    ])
  })

  it('ends only with reports of the same image and tool that list packages', async () => {
    expect(
      await validity([
        ...report({ minute: 0, packages: ['a@1'] }),
        ...report({ minute: 1, packages: ['b@1'], tool: 'trivy' }),
        ...report({ minute: 2, packages: ['c@1'], image: digest('b') }),
        ...report({ minute: 3, problems: [] }),
      ]),
    ).toEqual([`a@1 ${iso(0)} null`, `b@1 ${iso(1)} null`, `c@1 ${iso(2)} null`])
  })

  it('does not show a report before its last event', async () => {
    expect(
      await validity([...report({ minute: 0, packages: ['a@1'] }), ...report({ minute: 1, packages: ['b@1'] }, false)]),
    ).toEqual([`a@1 ${iso(0)} null`])
  })
})

test('other events of these families are in no view', async () => {
  const others = (['package', 'problem', 'fact'] as const).map((family) =>
    event(`other-${family}`, {
      source: '/others',
      type: 'other',
      family,
      key: digest('a'),
      time: at(1),
      json: { name: 'x', report: 'none' },
    }),
  )
  const { reader } = await stores.filled([...report({ minute: 0, packages: ['a@1'], problems: [] }), ...others])
  const counts = ['packages', 'problems', 'facts', 'images'].map((view) => `(SELECT count(*) FROM ${view}) AS ${view}`)
  expect(await queryRows(reader, `SELECT ${counts.join(', ')}`)).toEqual([
    { packages: 1, problems: 0, facts: 0, images: 1 },
  ])
})

describe('problems', () => {
  it('has the findings with severity, score and fixed version', async () => {
    const { reader } = await stores.filled([
      ...report({ minute: 0, problems: ['CVE-1 a@1 HIGH 2', 'CVE-2 a@1 LOW'] }),
      ...report({ minute: 5, problems: ['CVE-2 a@1 LOW'] }),
    ])
    expect(
      await queryRows(
        reader,
        'SELECT id, severity, severity_rank, score, package, version, fixed_version, valid_from, valid_to ' +
          'FROM problems ORDER BY id',
      ),
    ).toEqual([
      {
        id: 'CVE-1',
        severity: 'HIGH',
        severity_rank: 2,
        score: 0.98,
        package: 'a',
        version: '1',
        fixed_version: '2',
        valid_from: iso(0),
        valid_to: iso(5),
      },
      {
        id: 'CVE-2',
        severity: 'LOW',
        severity_rank: 4,
        score: 0.98,
        package: 'a',
        version: '1',
        fixed_version: null,
        valid_from: iso(0),
        valid_to: null,
      },
    ])
  })
})

describe('images', () => {
  it('has the reports of an image; problems are NULL without a search for them', async () => {
    const { reader } = await stores.filled([
      ...report({ minute: 0, packages: ['a@1'] }),
      ...report({ minute: 1, problems: ['CVE-1 a@1 CRITICAL'], tool: 'grype' }),
    ])
    expect(
      await queryRows(
        reader,
        'SELECT image, name, tags, tool, packages, problems, critical, high, valid_from, valid_to FROM images ' +
          'ORDER BY tool DESC',
      ),
    ).toEqual([
      expect.objectContaining({ name: 'shop/web', tags: ['1.0'], packages: 1, problems: null, critical: null }),
      expect.objectContaining({ tool: 'grype', packages: null, problems: 1, critical: 1, high: 0, valid_from: iso(1) }),
    ])
  })
})
