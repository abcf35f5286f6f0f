/** Selected values are alternatives; a leading `!` excludes a value. */

export function toggled(values: readonly string[], value: string): readonly string[] {
  return values.includes(value) ? values.filter((choice) => choice !== value) : [...values, value]
}

export function wanted(values: readonly string[], value: string): readonly string[] {
  return toggled(
    values.filter((choice) => !choice.startsWith('!')),
    value,
  )
}

export function leftOut(values: readonly string[], value: string): readonly string[] {
  const left = `!${value}`
  return [...values.filter((choice) => choice.startsWith('!') && choice !== left), left]
}
