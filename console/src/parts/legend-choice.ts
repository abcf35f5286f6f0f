/** Series of a chart that the legend hides, or the only ones that it shows. */
export type LegendChoice = Readonly<{ mode: 'hide' | 'only'; names: ReadonlySet<string> }>

export const showAll: LegendChoice = { mode: 'hide', names: new Set() }

export const hiding = (names: readonly string[]): LegendChoice => ({ mode: 'hide', names: new Set(names) })

export function isShown({ mode, names }: LegendChoice, name: string): boolean {
  return names.has(name) === (mode === 'only')
}

/**
 * The choice after a click on `name`. The first click isolates the series. Later ones, and those with a modifier key,
 * show or hide it. If nothing remains, everything is shown.
 */
export function chosen(
  choice: LegendChoice,
  all: readonly string[],
  name: string,
  { modified }: Readonly<{ modified: boolean }>,
): LegendChoice {
  if (!modified && all.every((entry) => isShown(choice, entry))) return { mode: 'only', names: new Set([name]) }
  const next: LegendChoice = { ...choice, names: choice.names.symmetricDifference(new Set([name])) }
  const shown = all.filter((entry) => isShown(next, entry))
  return shown.length === 0 || shown.length === all.length ? showAll : next
}
