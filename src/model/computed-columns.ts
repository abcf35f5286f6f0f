/**
 * Columns that DuckDB's view of flows has for statements which name them. A file can have a constant for them, which
 * DuckDB need not read or compute.
 */

/** For comparisons with times: `time_received`, or another time between the same ones. */
export const comparedTime = 'f$received'

/** `bytes_est` and `packets_est` as doubles. */
export const doubleEstimates = { bytes: 'f$bytes_est', packets: 'f$packets_est' } as const

/** `flowTimeOf`: in most files, `time_end` of all rows. */
export const flowTime = 'f$flow_time'

export const computedColumns: readonly string[] = [comparedTime, flowTime, ...Object.values(doubleEstimates)]
