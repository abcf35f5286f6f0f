/**
 * Times of rows, in the views and in indexes of their tables: an index serves only the expression that it was made of.
 * `of`: alias of the table, with a dot.
 */
export const receiptOf = {
  /** The receipt of the frame, unless the flow has its own. ClickHouse (26.9) uses no index on `ifNull`. */
  flow: (of = ''): string =>
    `if(isNull(${of}time_received), toDateTime64(${of}_received, 6, 'UTC'), assumeNotNull(${of}time_received))`,
  event: (of = ''): string => `toDateTime64(${of}_received, 6, 'UTC')`,
} as const

export function rollupTime(of = ''): string {
  return `toDateTime64(${of}time, 6, 'UTC')`
}
