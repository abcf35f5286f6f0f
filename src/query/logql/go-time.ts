/** Times in layouts of Go, such as `2006-01-02T15:04:05.000Z07:00`, in UTC. */

const months = 'January February March April May June July August September October November December'.split(' ')
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const part =
  /January|Jan|Monday|Mon|MST|2006|-07:00|-0700|-07|Z07:00|Z0700|[.,](?:0+|9+)(?!\d)|002|01|02|03|04|05|06|15|PM|pm|_2|1|2|3|4|5/g

const two = (value: number): string => String(value).padStart(2, '0')

export function formatGoTime(ns: bigint, layout: string): string {
  const ms = Number(ns / 1_000_000n) - (ns < 0n && ns % 1_000_000n !== 0n ? 1 : 0)
  const date = new Date(ms)
  const nanos = String(((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n).padStart(9, '0')
  const hour12 = date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12
  const values: Readonly<Record<string, () => string>> = {
    January: () => months[date.getUTCMonth()]!,
    Jan: () => months[date.getUTCMonth()]!.slice(0, 3),
    Monday: () => days[date.getUTCDay()]!,
    Mon: () => days[date.getUTCDay()]!.slice(0, 3),
    MST: () => 'UTC',
    '2006': () => String(date.getUTCFullYear()).padStart(4, '0'),
    '-07:00': () => '+00:00',
    '-0700': () => '+0000',
    '-07': () => '+00',
    'Z07:00': () => 'Z',
    Z0700: () => 'Z',
    '002': () => String(Math.floor((ms - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1).padStart(3, '0'),
    '01': () => two(date.getUTCMonth() + 1),
    '1': () => String(date.getUTCMonth() + 1),
    '02': () => two(date.getUTCDate()),
    _2: () => String(date.getUTCDate()).padStart(2),
    '2': () => String(date.getUTCDate()),
    '03': () => two(hour12),
    '3': () => String(hour12),
    '04': () => two(date.getUTCMinutes()),
    '4': () => String(date.getUTCMinutes()),
    '05': () => two(date.getUTCSeconds()),
    '5': () => String(date.getUTCSeconds()),
    '06': () => two(date.getUTCFullYear() % 100),
    '15': () => two(date.getUTCHours()),
    PM: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    pm: () => (date.getUTCHours() < 12 ? 'am' : 'pm'),
  }
  return layout.replace(part, (match) => {
    if (!/^[.,]/.test(match)) return values[match]!()
    const digits = nanos.slice(0, match.length - 1)
    if (match[1] === '0') return match[0]! + digits
    const kept = digits.replace(/0+$/, '')
    return kept === '' ? '' : match[0]! + kept
  })
}

const readers: Readonly<Record<string, string>> = {
  January: `(?<month>${months.join('|')})`,
  Jan: `(?<month>${months.map((name) => name.slice(0, 3)).join('|')})`,
  Monday: `(?:${days.join('|')})`,
  Mon: `(?:${days.map((name) => name.slice(0, 3)).join('|')})`,
  MST: '(?:[A-Z]{3,4})',
  '2006': String.raw`(?<year>\d{4})`,
  '-07:00': String.raw`(?<zone>[+-]\d\d:\d\d)`,
  '-0700': String.raw`(?<zone>[+-]\d{4})`,
  '-07': String.raw`(?<zone>[+-]\d\d)`,
  'Z07:00': String.raw`(?<zone>Z|[+-]\d\d:\d\d)`,
  Z0700: String.raw`(?<zone>Z|[+-]\d{4})`,
  '002': String.raw`(?<yearDay>\d{3})`,
  '01': String.raw`(?<month>\d\d)`,
  '1': String.raw`(?<month>\d\d?)`,
  '02': String.raw`(?<day>\d\d)`,
  _2: String.raw`(?<day> \d|\d\d)`,
  '2': String.raw`(?<day>\d\d?)`,
  '03': String.raw`(?<hour>\d\d)`,
  '3': String.raw`(?<hour>\d\d?)`,
  '15': String.raw`(?<hour>\d\d)`,
  '04': String.raw`(?<minute>\d\d)`,
  '4': String.raw`(?<minute>\d\d?)`,
  '05': String.raw`(?<second>\d\d)(?<fraction>[.,]\d+)?`,
  '5': String.raw`(?<second>\d\d?)(?<fraction>[.,]\d+)?`,
  '06': String.raw`(?<year>\d\d)`,
  PM: '(?<half>AM|PM)',
  pm: '(?<half>am|pm)',
}

/** Ns since 1970. Undefined if the text has another form. */
export function parseGoTime(
  layout: string,
  text: string,
  /** Offset of local times without a zone, in ms. */
  zoneAt: (localMs: number) => number = () => 0,
): bigint | undefined {
  let source = ''
  let at = 0
  for (const match of layout.matchAll(part)) {
    source += escaped(layout.slice(at, match.index))
    at = match.index + match[0].length
    // A fraction belongs to the second before it.
    if (!/^[.,]/.test(match[0])) source += readers[match[0]]!
  }
  source += escaped(layout.slice(at))
  let found: RegExpExecArray | null
  try {
    found = new RegExp(`^${source}$`).exec(text)
  } catch {
    return undefined
  }
  const groups = found?.groups
  if (groups === undefined) return undefined
  const { year = '0000', month = '1', day = '1', minute = '0', second = '0', fraction, zone, half } = groups
  const named = months.findIndex((name) => name === month || name.slice(0, 3) === month)
  let hour = Number(groups['hour'] ?? 0)
  if (half !== undefined) hour = (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
  const whole = year.length === 2 ? Number(year) + (Number(year) >= 69 ? 1900 : 2000) : Number(year)
  const date = new Date(0)
  date.setUTCFullYear(whole, named < 0 ? Number(month) - 1 : named, Number(day))
  date.setUTCHours(hour, Number(minute), Number(second))
  const nanos = BigInt((fraction ?? '.0').slice(1).padEnd(9, '0').slice(0, 9))
  const offset = zone === undefined ? zoneAt(date.getTime()) : offsetMs(zone)
  return BigInt(date.getTime() - offset) * 1_000_000n + nanos
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0
  const digits = zone.replace(/\D/g, '').padEnd(4, '0')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}
