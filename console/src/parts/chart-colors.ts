import type { ChartSeries } from './chart.tsx'

const colorTokens = Array.from({ length: 15 }, (_, index) => `--series-${index + 1}`)

export type ChartColors = Readonly<{
  series: readonly string[]
  ink: string
  line: string
  mark: string
  gap: string
  audit: string
}>

const tokenOf = ({ other, tone }: ChartSeries, index: number) =>
  other === true
    ? '--series-other'
    : tone === undefined
      ? (colorTokens[index % colorTokens.length] ?? '--series-1')
      : `--${tone}`

export function markClass({ other, tone }: ChartSeries, index: number): string {
  return `c-${other === true ? 'other' : (tone ?? (index % colorTokens.length) + 1)}`
}

export function colorsOf(element: HTMLElement, series: readonly ChartSeries[]): ChartColors {
  const probe = document.createElement('i')
  element.append(probe)
  const token = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = {
    series: series.map((one, index) => token(tokenOf(one, index))),
    ink: token('--dim'),
    line: token('--line'),
    mark: token('--series-4'),
    gap: token('--bad'),
    audit: token('--bad'),
  }
  probe.remove()
  return found
}
