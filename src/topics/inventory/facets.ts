import { addDecimals } from '../../codecs/focus/index.ts'
import { facetNames, type FacetName, type InventoryFacets } from './schema.ts'

/** Resources of one combination of values. */
export type FacetRow = Readonly<Record<FacetName | 'currency', string | null> & { cost: string; resources: number }>

type FacetValues = InventoryFacets['facets'][FacetName]

type SelectedFacets = Readonly<Partial<Record<FacetName, readonly string[]>>>

/** The price is a double: more than ten decimals would show its binary form. */
export const facetsSql = (where: string): string =>
  `SELECT ${facetNames.join(', ')}, currency, count(*) AS resources,
    CAST(sum(CAST(coalesce(cost_per_hour, 0) AS DECIMAL(38, 10))) AS VARCHAR) AS cost
    FROM inventory WHERE ${where} GROUP BY ${facetNames.join(', ')}, currency`

/** The values of a facet are those of the resources that all other facets select. */
export function facetsOf(rows: readonly FacetRow[], selected: SelectedFacets): Omit<InventoryFacets, 'at'> {
  const isSelected = (row: FacetRow, facet: FacetName): boolean => selected[facet]?.includes(row[facet] ?? '') ?? true
  const passing = rows.filter((row) => facetNames.every((facet) => isSelected(row, facet)))
  const count = (facetRows: readonly FacetRow[]): number =>
    facetRows.reduce((sum, { resources }) => sum + Number(resources), 0)
  const priced = passing.flatMap(({ currency, cost }) => (currency === null ? [] : [{ currency, cost }]))
  const valuesOf = (facet: FacetName): FacetValues => {
    const others = rows.filter((row) => facetNames.every((name) => name === facet || isSelected(row, name)))
    const values = Map.groupBy(
      others.filter((row) => row[facet] !== null),
      (row) => String(row[facet]),
    )
    return [...values]
      .map(([value, facetRows]) => ({ value, resources: count(facetRows) }))
      .toSorted((a, b) => b.resources - a.resources || (a.value < b.value ? -1 : 1))
  }
  return {
    total: count(passing),
    costs: [...Map.groupBy(priced, ({ currency }) => currency)]
      .map(([currency, costRows]) => ({ currency, per_hour: addDecimals(costRows.map(({ cost }) => cost)) }))
      .toSorted((a, b) => (a.currency < b.currency ? -1 : 1)),
    facets: {
      provider: valuesOf('provider'),
      account: valuesOf('account'),
      region: valuesOf('region'),
      type: valuesOf('type'),
      state: valuesOf('state'),
      finding: valuesOf('finding'),
    },
  }
}
