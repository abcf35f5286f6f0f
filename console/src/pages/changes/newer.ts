import type { Change } from '../../api/objects.ts'

export function newestOf(rows: readonly Change[]): string | undefined {
  return rows[0]?.time
}

export function joined(above: readonly Change[], below: readonly Change[]): readonly Change[] {
  const positions = new Set<string>()
  const all = [...above, ...below].filter(({ pos }) => !positions.has(pos) && positions.add(pos) !== undefined)
  const inOrder = all.every(({ time }, index) => index === 0 || time <= (all[index - 1]?.time ?? ''))
  return inOrder ? all : all.toSorted((a, b) => (a.time === b.time ? 0 : a.time < b.time ? 1 : -1))
}
