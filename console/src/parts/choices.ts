/** Values that are chosen from those that there are: any of them; those with `!` before them are left out instead. */

export function toggled(values: readonly string[], value: string): readonly string[] {
  return values.includes(value) ? values.filter((each) => each !== value) : [...values, value]
}

/** The value wanted or no more; what is left out is given up with that. */
export function wanted(values: readonly string[], value: string): readonly string[] {
  return toggled(
    values.filter((each) => !each.startsWith('!')),
    value,
  )
}

/** The value left out; what is wanted is given up with that. */
export function leftOut(values: readonly string[], value: string): readonly string[] {
  const left = `!${value}`
  return [...values.filter((each) => each.startsWith('!') && each !== left), left]
}
