/** The delay of a `Retry-After` header in ms, at most `longest`. Undefined: absent or invalid. `now`: Unix ms. */
export function retryAfterMs(value: string | undefined, now: number, longest: number): number | undefined {
  const text = value?.trim()
  if (text === undefined || text === '') return undefined
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longest)
}
