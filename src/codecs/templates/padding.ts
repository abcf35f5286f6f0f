import { isZero } from '../../model/zero.ts'

/** The end of the last record that is not zero, or of the first one: some exporters pad by more than a record. */
export function withoutPadding(bytes: Uint8Array, length: number, at: number, end: number): number {
  if (length === 0) return end
  let last = end - ((end - at) % length)
  if (last - length <= at || !isZero(bytes, last - length, last)) return end
  do last -= length
  while (last - length > at && isZero(bytes, last - length, last))
  return last
}
