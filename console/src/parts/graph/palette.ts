import type { Palette } from './paint.ts'

export function paletteOf(element: HTMLElement): Palette {
  const probe = document.createElement('i')
  element.append(probe)
  const computed = (color: string) => {
    probe.style.color = color
    return getComputedStyle(probe).color
  }
  const token = (name: string) => computed(`var(--${name})`)
  const found: Palette = {
    panel: token('panel'),
    soft: token('soft'),
    line: token('line'),
    edge: token('edge'),
    edges: [25, 45, 70, 100].map((part) => computed(`color-mix(in srgb, var(--edge) ${part}%, var(--panel))`)),
    ink: token('ink'),
    dim: token('dim'),
    accent: token('accent'),
    warning: token('warning'),
    good: token('good'),
    bad: token('bad'),
    other: token('series-other'),
    series: [1, 2, 3, 4, 5, 6, 7].map((number) => token(`series-${number}`)),
  }
  probe.remove()
  return found
}
