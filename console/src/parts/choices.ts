/** Selected values are alternatives; a leading `!` excludes a value. */

export function toggled(values: readonly string[], value: string): readonly string[] {
  return values.includes(value) ? values.filter((each) => each !== value) : [...values, value]
}

export function wanted(values: readonly string[], value: string): readonly string[] {
  return toggled(
    values.filter((each) => !each.startsWith('!')),
    value,
  )
}

export function leftOut(values: readonly string[], value: string): readonly string[] {
  const left = `!${value}`
  return [...values.filter((each) => each.startsWith('!') && each !== left), left]
}
