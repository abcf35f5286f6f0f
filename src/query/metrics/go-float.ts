/** As strconv.ParseFloat of Go: also NaN, Inf, underscores between digits, and hexadecimal with an exponent. */
export function goFloat(text: string): number | undefined {
  if (/^nan$/i.test(text)) return NaN
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  const hex = /^([+-]?)0x([\da-f_]*)(?:\.([\da-f_]*))?p([+-]?\d+)$/i.exec(text)
  if (hex !== null) {
    const [, sign, whole = '', rest = '', exponent] = hex
    const digits = (whole + rest).replaceAll('_', '')
    const value = Number.parseInt(digits, 16) * 2 ** (Number(exponent) - 4 * rest.replaceAll('_', '').length)
    return digits === '' ? undefined : sign === '-' ? -value : value
  }
  return /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?$/.test(text)
    ? Number(text.replaceAll('_', ''))
    : undefined
}
