/**
 * Mergeable counts of values by logarithmic bins, from which percentiles are read. Values below 128 have a bin each.
 * Above, each octave has 64 of equal width, so that integers suffice, and bins have no errors of rounding.
 */
import { flowTimeOf } from './flow-time.ts'

/** Unsigned integers of flows that files have counts of (ADR 0039). */
export const sketchedFields: readonly string[] = ['bytes', 'packets', 'rtt']

/** Largest relative error of a value read from its bin. */
export const sketchError: number = 1 / 128

/** Width of the bins of time. */
export const sketchSeconds = 300

/** Number of the part of `flow_time` in a view with bins. */
export const timeBinColumn = 'time_bin'

export function binColumn(field: string): string {
  return `${field}_bin`
}

/** SQL of the bin of an unsigned integer of 64 bits. 2^n - 1 may count as 2^n in doubles, which has the same bin. */
export function binSql(value: string): string {
  const octave = `floor(log2(${value}::DOUBLE))::UBIGINT`
  return `CASE WHEN ${value} < 128 THEN ${value} ELSE 64 * ${octave} + (${value} >> (${octave} - 6)) END`
}

/** SQL of the middle of a bin. */
export function valueOfBinSql(bin: string): string {
  const shift = `greatest((${bin} >> 6) - 7, 0)::INTEGER`
  const first = `((${bin} - 64 * ((${bin} >> 6) - 1))::HUGEINT << ${shift})`
  return `(CASE WHEN ${bin} < 128 THEN ${bin}::HUGEINT ELSE ${first} + (1::HUGEINT << ${shift}) // 2 END)::UBIGINT`
}

const width = `${sketchSeconds}000000`

/** SQL of {@link timeBinColumn} over a row of a file. */
export const timeBinSql = `epoch_us(${flowTimeOf((time) => `epoch_us(${time})`)}) // ${width}`

/** SQL of the start of a part of time. */
export const timeOfBinSql = `make_timestamptz("${timeBinColumn}"::BIGINT * ${width})`
