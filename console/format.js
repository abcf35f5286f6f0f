const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' })

/**
 * @param {number | string | null | undefined} value a string holds an integer beyond 2^53
 */
export function count(value) {
  if (value === null || value === undefined) return '–'
  return typeof value === 'string' ? whole.format(BigInt(value)) : whole.format(value)
}

/** @param {number} number */
const two = (number) => String(number).padStart(2, '0')

/** Time of day in the reader's zone; with the date when it is not today. @param {string | null} iso */
export function time(iso) {
  if (iso === null) return '–'
  const at = new Date(iso)
  const today = new Date().toDateString() === at.toDateString()
  return today ? clock.format(at) : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock.format(at)}`
}

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}

/** @param {number} number @param {string} one */
export function counted(number, one) {
  return `${count(number)} ${one}${number === 1 ? '' : 's'}`
}

/** @param {number} rate rows per second */
export function perSecond(rate) {
  return `${rate > 0 && rate < 10 ? rate.toFixed(1) : count(rate)}/s`
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let at = 0
  let value = bytes
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024
    at++
  }
  return `${at === 0 ? value : value.toFixed(1)} ${units[at]}`
}

const protocols = new Map([[1, 'ICMP'], [2, 'IGMP'], [6, 'TCP'], [17, 'UDP'], [41, 'IPv6'], [47, 'GRE'], [50, 'ESP'], [51, 'AH'], [58, 'ICMPv6'], [89, 'OSPF'], [132, 'SCTP']])

/** @param {number | null} number */
export function protocol(number) {
  return number === null ? '–' : (protocols.get(number) ?? String(number))
}

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS']

/** @param {number | null} flags */
export function tcpFlags(flags) {
  if (flags === null) return '–'
  return flagNames.filter((_, bit) => (flags >> bit) & 1).join(' ')
}
