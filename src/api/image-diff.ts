/** What differs between two images: packages by name and type, problems by id and package. */
import { textOf } from '../model/json.ts'

type Row = Readonly<Record<string, unknown>>

type PackageDiff = Readonly<{
  name: string
  type: string | null
  /** Versions that only this image has; several for a package that is installed more than once. */
  from: readonly string[]
  to: readonly string[]
}>

type ProblemDiff = Readonly<{
  id: string
  severity: string
  package: string | null
  in: 'from' | 'to'
  waived: boolean
}>

export function packageDiffs(rows: readonly Row[], from: string): readonly PackageDiff[] {
  const packages = new Map<string, { name: string; type: string | null; from: Set<string>; to: Set<string> }>()
  for (const { name, type, version, image } of rows) {
    const key = JSON.stringify([name, type])
    const known = packages.get(key) ?? {
      name: String(name),
      type: type as string | null,
      from: new Set(),
      to: new Set(),
    }
    known[image === from ? 'from' : 'to'].add(textOf(version) ?? '')
    packages.set(key, known)
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

export function problemDiffs(rows: readonly Row[], from: string): readonly ProblemDiff[] {
  const keyOf = ({ id, package: name }: Row) => JSON.stringify([id, name])
  const sides = new Map<string, Set<boolean>>()
  for (const row of rows) sides.set(keyOf(row), (sides.get(keyOf(row)) ?? new Set()).add(row['image'] === from))
  const seen = new Set<string>()
  return rows.flatMap((row): ProblemDiff[] => {
    const key = keyOf(row)
    if (sides.get(key)?.size !== 1 || seen.has(key)) return []
    seen.add(key)
    return [
      {
        id: String(row['id']),
        severity: String(row['severity']),
        package: row['package'] as string | null,
        in: row['image'] === from ? 'from' : 'to',
        waived: row['waived'] === true,
      },
    ]
  })
}
