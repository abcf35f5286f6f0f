export const [narrowest, widest] = [40, 1200]

export function fitWidth(width: number): number {
  return Math.max(narrowest, Math.min(widest, Math.round(width)))
}
