import { addDecimals } from '../codecs/focus/index.ts'

export const inventoryFacets = ['provider', 'account', 'region', 'type', 'state', 'finding'] as const
type Facet = (typeof inventoryFacets)[number]

/** Resources of one combination of values. */
export type FacetRow = Readonly<Record<Facet | 'currency', string | null> & { cost: string; resources: number }>

type SelectedFacets = Readonly<Partial<Record<Facet, readonly string[]>>>

/** The price is a double: more than ten decimals would show its binary form. */
export const facetsSql = (where: string): string =>
  `SELECT ${inventoryFacets.join(', ')}, currency, count(*) AS resources,
    CAST(sum(CAST(coalesce(cost_per_hour, 0) AS DECIMAL(38, 10))) AS VARCHAR) AS cost
    FROM inventory WHERE ${where} GROUP BY ${inventoryFacets.join(', ')}, currency`

/** The values of a facet are those of the resources that all other facets select. */
export function facetsOf(rows: readonly FacetRow[], selected: SelectedFacets): object {
  const isSelected = (row: FacetRow, facet: Facet): boolean => selected[facet]?.includes(row[facet] ?? '') ?? true
  const passing = rows.filter((row) => inventoryFacets.every((facet) => isSelected(row, facet)))
  const count = (some: readonly FacetRow[]): number => some.reduce((sum, { resources }) => sum + Number(resources), 0)
  const costs = Map.groupBy(
    passing.filter(({ currency }) => currency !== null),
    ({ currency }) => currency,
  )
  return {
    total: count(passing),
    costs: [...costs]
      .map(([currency, some]) => ({ currency, per_hour: addDecimals(some.map(({ cost }) => cost)) }))
      .toSorted((a, b) => (String(a.currency) < String(b.currency) ? -1 : 1)),
    facets: Object.fromEntries(
      inventoryFacets.map((facet) => {
        const others = rows.filter((row) => inventoryFacets.every((each) => each === facet || isSelected(row, each)))
        const values = Map.groupBy(
          others.filter((row) => row[facet] !== null),
          (row) => String(row[facet]),
        )
        return [
          facet,
          [...values]
            .map(([value, some]) => ({ value, resources: count(some) }))
            .toSorted((a, b) => b.resources - a.resources || (a.value < b.value ? -1 : 1)),
        ]
      }),
    ),
  }
}
