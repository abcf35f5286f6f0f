/** Estimated number of distinct values, from the first hash of each register. */

/** SQL over rows of registers, of which there are `all`, with their first hash (32 bits). */
export function estimatedCountSql(all: number, first: string): string {
  const share = `coalesce(sum(${first}::DOUBLE) / ${2 ** 32}, 0)`
  return `${all} * greatest(count(*) - 1, 0) / (${share} + ${all} - count(*))`
}

/** Relative error of an estimate from so many registers: four standard errors, in four digits. */
export function countError(registers: number): number {
  // Without a register there is no value.
  if (registers === 0) return 0
  return Math.ceil((4 / Math.sqrt(registers)) * 10_000) / 10_000
}
