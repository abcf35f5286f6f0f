import type { ChartSeries } from './chart.tsx'

/** As many as are told apart at most. */
const colorTokens = Array.from({ length: 15 }, (_, index) => `--series-${index + 1}`)

export interface ChartColors {
  readonly series: readonly string[]
  readonly ink: string
  readonly line: string
  readonly mark: string
  readonly gap: string
}

const tokenOf = ({ other, tone }: ChartSeries, index: number): string =>
  other === true
    ? '--series-other'
    : tone === undefined
      ? (colorTokens[index % colorTokens.length] ?? '--series-1')
      : `--${tone}`

/** Class of what stands for a series in words beside the chart. */
export function markClass({ other, tone }: ChartSeries, index: number): string {
  return `c-${other === true ? 'other' : (tone ?? (index % colorTokens.length) + 1)}`
}

/** Tokens as the canvas can use them: the browser works out what `light-dark` is now. */
export function colorsOf(element: HTMLElement, series: readonly ChartSeries[]): ChartColors {
  const probe = document.createElement('i')
  element.append(probe)
  const token = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = {
    series: series.map((one, index) => token(tokenOf(one, index))),
    ink: token('--dim'),
    line: token('--line'),
    mark: token('--series-4'),
    gap: token('--bad'),
  }
  probe.remove()
  return found
}
