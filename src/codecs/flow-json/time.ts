const twoDigits: readonly string[] = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))

const seconds = new Map<number, string>()
const keptSeconds = 4096

/** With milliseconds; empty if out of range. */
export function isoTime(unixMs: number): string {
  const second = Math.floor(unixMs / 1000)
  let text = seconds.get(second)
  if (text === undefined) {
    const date = new Date(second * 1000)
    if (Number.isNaN(date.getTime())) return ''
    text = date.toISOString().slice(0, -4)
    if (seconds.size >= keptSeconds) seconds.clear()
    seconds.set(second, text)
  }
  const ms = Math.floor(unixMs - second * 1000)
  return `${text}${Math.floor(ms / 100)}${twoDigits[ms % 100]}Z`
}
