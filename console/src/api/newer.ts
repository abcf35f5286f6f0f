/** A row of a list in order of time, newest first. */
export type TimedRow = Readonly<{ time: string; pos: string }>

export function newestOf(rows: readonly TimedRow[]): string | undefined {
  return rows[0]?.time
}

export function joined<Row extends TimedRow>(above: readonly Row[], below: readonly Row[]): readonly Row[] {
  const positions = new Set<string>()
  const all = [...above, ...below].filter(({ pos }) => !positions.has(pos) && positions.add(pos) !== undefined)
  const inOrder = all.every(({ time }, index) => index === 0 || time <= (all[index - 1]?.time ?? ''))
  return inOrder ? all : all.toSorted((a, b) => (a.time === b.time ? 0 : a.time < b.time ? 1 : -1))
}
