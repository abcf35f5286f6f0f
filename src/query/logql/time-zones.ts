/** Offsets of named time zones. */

const formats = new Map<string, Intl.DateTimeFormat | undefined>()

/** `Local` is UTC. Undefined: there is no such zone. */
function formatOf(name: string): Intl.DateTimeFormat | undefined {
  if (formats.has(name)) return formats.get(name)
  let format: Intl.DateTimeFormat | undefined
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch {
    format = undefined
  }
  if (formats.size < 1000) formats.set(name, format)
  return format
}

function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  const shown = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(shown) ?? []
  const size = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000
  return sign === '-' ? -size : size
}

/** A function from local time (ms) to the offset from UTC (ms). */
export function zoneOffset(name: string): ((localMs: number) => number) | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return () => 0
  const format = formatOf(name)
  if (format === undefined) return undefined
  // Around a change the offset before it is tried first, as in Go.
  return (localMs) => offsetAt(format, localMs - offsetAt(format, localMs - offsetAt(format, localMs)))
}
