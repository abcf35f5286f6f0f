/** Times by which flows are selected. µs since 1970. */

type Span = Readonly<{ from: bigint; to: bigint }>

/** Maximum age of a flow's end time at its receipt, and the time that it may be in the future; µs. */
const bounds = { age: 3_600_000_000n, ahead: 60_000_000n } as const

/** The same in ms. */
export const endTimeBoundsMs = { age: Number(bounds.age) / 1000, ahead: Number(bounds.ahead) / 1000 } as const

/**
 * End time, or the receive time if the end is implausible. `micros`: SQL of a time in µs; faster than INTERVAL.
 * `skewed`: SQL of the column.
 */
export function flowTimeOf(micros: (time: string) => string, skewed = 'time_skewed'): string {
  const { age, ahead } = bounds
  // BETWEEN would compute the difference twice.
  const distance = `abs(${micros('time_end')} - ${micros('time_received')} + ${(age - ahead) / 2n})`
  return (
    `CASE WHEN ${skewed} IS NOT TRUE AND ${distance} <= ${(age + ahead) / 2n} THEN time_end ` + `ELSE time_received END`
  )
}

/** Receive times of rows by {@link flowTimeOf}. `sure`: rows with these are in the span; undefined for short spans. */
export function flowsReceived({ from, to }: Span): Readonly<{ all: Span; sure: Span | undefined }> {
  const { age, ahead } = bounds
  return {
    all: { from: from - ahead, to: to + age },
    sure: to - from <= age + ahead ? undefined : { from: from + age, to: to - ahead },
  }
}
