/** Filter value for traces without a value in the field. */
export const notTold = '(none)'

/** A filter value as text. */
export function valueText(value: string): string {
  const [sign, bare] = value.startsWith('!') ? ['not ', value.slice(1)] : ['', value]
  return `${sign}${bare === notTold ? 'not told' : bare.replace(/^user:/, '')}`
}
