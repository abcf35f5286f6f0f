const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4, notation: 'compact' })

/** A value of a metric of any unit. */
export function metricValue(value: number): string {
  return number.format(value)
}
