let lastSecond = Number.NaN
let lastText = ''

/** `2026-11-20T08:09:10.123Z`; consecutive rows share the text of their second. */
export function isoMicroseconds(us: number): string {
  const ms = Math.floor(us / 1000)
  const second = Math.floor(ms / 1000)
  if (second !== lastSecond) {
    const date = new Date(second * 1000)
    // DuckDB times exceed the range of JavaScript dates.
    if (Number.isNaN(date.getTime())) return us > 0 ? 'infinity' : '-infinity'
    lastText = date.toISOString().slice(0, -4)
    lastSecond = second
  }
  const rest = ms - second * 1000
  return `${lastText}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`
}
