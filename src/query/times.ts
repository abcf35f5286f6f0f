const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/i

/** Years 0 to 9999 in µs since 1970: the range of the store. */
export const firstTime = -62_167_219_200_000_000n
export const lastTime = 253_402_300_799_999_000n

/** A calculated time, such as `now-290y` of a query, in the range of the store. */
export function clampedTime(us: bigint): bigint {
  return us < firstTime ? firstTime : us > lastTime ? lastTime : us
}

/** µs since 1970 of ISO 8601, UTC by default; a date means its midnight. */
export function timeOf(text: string): bigint | undefined {
  const match = iso.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // Date.parse accepts 30 February as 1 March.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(8, 10) !== day) return undefined
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (offset !== null && (Number(offset[2]) > 23 || Number(offset[3]) > 59)) return undefined
  const minutes = offset === null ? 0 : (Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === '-' ? -1 : 1)
  return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0')) - BigInt(minutes) * 60_000_000n
}
