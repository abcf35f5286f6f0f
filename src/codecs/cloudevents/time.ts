const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const daysIn = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function leap(year: number) {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function dayNumber(year: number, month: number, day: number) {
  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)
  return year * 365 + leapDays + (daysBefore[month - 1] ?? 0) + (month > 2 && leap(year) ? 1 : 0) + day - 719_528
}

function two(bytes: Uint8Array, at: number) {
  const tens = bytes[at]! - 48
  const ones = bytes[at + 1]! - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** Unix ms of an RFC 3339 date-time in `bytes[at .. end)`; NaN if invalid. A leap second becomes the next second. */
export function parseTime(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 20) return Number.NaN
  const year = two(bytes, at) * 100 + two(bytes, at + 2)
  const month = two(bytes, at + 5)
  const day = two(bytes, at + 8)
  const hour = two(bytes, at + 11)
  const minute = two(bytes, at + 14)
  const second = two(bytes, at + 17)
  const letter = bytes[at + 10]! | 0x20
  if (
    bytes[at + 4] !== 0x2d ||
    bytes[at + 7] !== 0x2d ||
    letter !== 0x74 ||
    bytes[at + 13] !== 0x3a ||
    bytes[at + 16] !== 0x3a
  )
    return Number.NaN
  const length = month === 2 && leap(year) ? 29 : (daysIn[month - 1] ?? 0)
  if (!(month >= 1 && day >= 1 && day <= length && hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN
  let zone = at + 19
  let fraction = 0
  if (bytes[zone] === 0x2e) {
    let weight = 100
    const first = ++zone
    for (; zone < end; zone++) {
      const digit = bytes[zone]! - 48
      if (digit < 0 || digit > 9) break
      fraction += digit * weight
      weight = weight > 1 ? weight / 10 : 0
    }
    if (zone === first) return Number.NaN
  }
  const shift = offset(bytes, zone, end)
  return (
    dayNumber(year, month, day) * 86_400_000 + hour * 3_600_000 + (minute - shift) * 60_000 + second * 1000 + fraction
  )
}

/** Whether a valid time is written as Weir writes it: `2026-01-02T03:04:05.006Z`. */
export function isUsualTime(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at === 24 && bytes[at + 10] === 0x54 && bytes[end - 1] === 0x5a && bytes[at + 17]! < 0x36
}

/** Minutes east of UTC; NaN if invalid. */
function offset(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at]
  if (end - at === 1) return (sign! | 0x20) === 0x7a ? 0 : Number.NaN
  if (end - at !== 6 || bytes[at + 3] !== 0x3a || (sign !== 0x2b && sign !== 0x2d)) return Number.NaN
  const hours = two(bytes, at + 1)
  const minutes = two(bytes, at + 4)
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN
  return (sign === 0x2d ? -1 : 1) * (hours * 60 + minutes)
}
