import type { ChartSeries } from './chart.tsx'
import { entityColors } from './entity-colors.ts'

const colorTokens = Array.from({ length: 15 }, (_, index) => `--series-${index + 1}`)

export type ChartColors = Readonly<{
  series: readonly string[]
  ink: string
  line: string
  mark: string
  gap: string
  audit: string
}>

/** The place of each series in the palette: an entity has one colour in every chart. */
export function placesOf(series: readonly ChartSeries[]): readonly number[] {
  const named = series.filter(({ other, tone }) => other !== true && tone === undefined)
  const colors = entityColors(named.map(({ name }) => name))
  return series.map((one) => colors[named.indexOf(one)] ?? 0)
}

const tokenOf = ({ other, tone }: ChartSeries, index: number) =>
  other === true
    ? '--series-other'
    : tone === undefined
      ? (colorTokens[index % colorTokens.length] ?? '--series-1')
      : `--${tone}`

export function markClass({ other, tone }: ChartSeries, index: number): string {
  return `c-${other === true ? 'other' : (tone ?? (index % colorTokens.length) + 1)}`
}

export function colorsOf(element: HTMLElement, series: readonly ChartSeries[], places: readonly number[]): ChartColors {
  const probe = document.createElement('i')
  element.append(probe)
  const token = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = {
    series: series.map((one, index) => token(tokenOf(one, places[index] ?? index))),
    ink: token('--dim'),
    line: token('--line'),
    mark: token('--series-4'),
    gap: token('--bad'),
    audit: token('--bad'),
  }
  probe.remove()
  return found
}
