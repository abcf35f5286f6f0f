import type { ChartSeries } from './chart.tsx'

/** As many as are told apart at most. */
export const colorTokens = Array.from({ length: 15 }, (_, index) => `--series-${index + 1}`)

export interface ChartColors {
  readonly series: readonly string[]
  readonly ink: string
  readonly line: string
  readonly mark: string
  readonly gap: string
}

/** Tokens as the canvas can use them: the browser works out what `light-dark` is now. */
export function colorsOf(element: HTMLElement, series: readonly ChartSeries[]): ChartColors {
  const probe = document.createElement('i')
  element.append(probe)
  const token = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = { series: series.map(({ other }, index) => token(other === true ? '--series-other' : (colorTokens[index % colorTokens.length] ?? '--series-1'))), ink: token('--dim'), line: token('--line'), mark: token('--series-4'), gap: token('--bad') }
  probe.remove()
  return found
}
