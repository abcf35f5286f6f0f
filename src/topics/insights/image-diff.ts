/** What differs between two images: packages by name and type, problems by id and package. */
import type { Severity } from '../../model/image-insights.ts'
import type { ImageDiff } from './schema.ts'

type PackageDiffs = NonNullable<ImageDiff['packages']>
type ProblemDiffs = NonNullable<ImageDiff['problems']>

export type PackageOfImage = Readonly<{ image: string; name: string; version: string | null; type: string | null }>

export type ProblemOfImage = Readonly<{
  image: string
  id: string
  severity: Severity
  package: string | null
  waived: boolean
}>

/** `from`: digest of the first image. */
export function packageDiffs(rows: readonly PackageOfImage[], from: string): PackageDiffs {
  const packages = new Map<string, { name: string; type: string | null; from: Set<string>; to: Set<string> }>()
  for (const { name, type, version, image } of rows) {
    const key = JSON.stringify([name, type])
    const versions = packages.get(key) ?? { name, type, from: new Set(), to: new Set() }
    versions[image === from ? 'from' : 'to'].add(version ?? '')
    packages.set(key, versions)
  }
  return [...packages.values()]
    .map(({ name, type, from: before, to: after }) => ({
      name,
      type,
      from: [...before.difference(after)].sort(),
      to: [...after.difference(before)].sort(),
    }))
    .filter(({ from: before, to: after }) => before.length + after.length > 0)
}

export function problemDiffs(rows: readonly ProblemOfImage[], from: string): ProblemDiffs {
  const keyOf = ({ id, package: name }: ProblemOfImage) => JSON.stringify([id, name])
  const sides = new Map<string, Set<boolean>>()
  for (const row of rows) sides.set(keyOf(row), (sides.get(keyOf(row)) ?? new Set()).add(row.image === from))
  const seen = new Set<string>()
  return rows.flatMap((row): ProblemDiffs => {
    const key = keyOf(row)
    if (sides.get(key)?.size !== 1 || seen.has(key)) return []
    seen.add(key)
    const { image, id, severity, package: name, waived } = row
    return [{ id, severity, package: name, in: image === from ? 'from' : 'to', waived }]
  })
}
