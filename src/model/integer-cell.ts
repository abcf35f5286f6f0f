/** Beyond 2^53 a text, so that JSON keeps all digits. */
export function integerCell(value: bigint): number | string {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value.toString()
}

/** The exact sum of integers of JSON; null is no value. */
export function sumOfCells(a: unknown, b: unknown): unknown {
  if (a === null || b === null) return a ?? b
  const sum = Number(a) + Number(b)
  return Number.isSafeInteger(sum) ? sum : integerCell(BigInt(a as string) + BigInt(b as string))
}
