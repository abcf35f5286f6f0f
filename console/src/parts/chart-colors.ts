import type { ChartLevel, ChartSeries } from './chart.tsx'
import { entityColors } from './entity-colors.ts'

const colorTokens = Array.from({ length: 15 }, (_, index) => `--series-${index + 1}`)

export type ChartColors = Readonly<{
  series: readonly string[]
  ink: string
  line: string
  mark: string
  gap: string
  audit: string
  tones: Readonly<Record<ChartLevel['tone'], string>>
}>

/** The place of each series in the palette: an entity has one colour in every chart. */
export function placesOf(series: readonly ChartSeries[]): readonly number[] {
  const named = series.filter(({ other: isRest, tone }) => isRest !== true && tone === undefined)
  const colors = entityColors(named.map(({ name }) => name))
  return series.map((part) => colors[named.indexOf(part)] ?? 0)
}

const tokenOf = ({ other: isRest, tone }: ChartSeries, index: number) =>
  isRest === true
    ? '--series-other'
    : tone === undefined
      ? (colorTokens[index % colorTokens.length] ?? '--series-1')
      : `--${tone}`

export function markClass({ other: isRest, tone }: ChartSeries, index: number): string {
  return `c-${isRest === true ? 'other' : (tone ?? (index % colorTokens.length) + 1)}`
}

export function colorsOf(element: HTMLElement, series: readonly ChartSeries[], places: readonly number[]): ChartColors {
  const probe = document.createElement('i')
  element.append(probe)
  const token = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = {
    series: series.map((part, index) => token(tokenOf(part, places[index] ?? index))),
    ink: token('--dim'),
    line: token('--line'),
    mark: token('--series-4'),
    gap: token('--bad'),
    audit: token('--bad'),
    tones: { good: token('--good'), warning: token('--warning'), bad: token('--bad') },
  }
  probe.remove()
  return found
}
