import type { PanelProps } from './kind.ts'

/** For charts that state a time range in ISO 8601. */
export function spanned(onBrush: PanelProps['onBrush']): (from: string, to: string) => void {
  return (from, to) => onBrush(Date.parse(from) / 1000, Date.parse(to) / 1000)
}
