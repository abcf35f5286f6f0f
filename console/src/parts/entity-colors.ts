/** An entity has one colour in every chart of the console, as long as no other entity of the chart has it. */

const count = 15
const colorByName = new Map<string, number>()

/** Indexes of colours for different names, from 0. */
export function entityColors(names: readonly string[]): readonly number[] {
  const taken = new Set<number>()
  const colors = names.map((name) => {
    const existing = colorByName.get(name)
    if (existing === undefined || taken.has(existing)) return undefined
    taken.add(existing)
    return existing
  })
  return names.map((name, index) => {
    const own = colors[index]
    if (own !== undefined) return own
    const color = leastUsed(taken)
    taken.add(color)
    if (!colorByName.has(name)) colorByName.set(name, color)
    return color
  })
}

function leastUsed(taken: ReadonlySet<number>) {
  const uses = new Array<number>(count).fill(0)
  for (const color of colorByName.values()) uses[color] = (uses[color] ?? 0) + 1
  const free = uses.map((n, color) => ({ n, color })).filter(({ color }) => !taken.has(color))
  return free.toSorted((a, b) => a.n - b.n || a.color - b.color)[0]?.color ?? taken.size % count
}
