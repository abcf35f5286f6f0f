/** Values between commas. `\,` is a comma, `\\` a backslash. */
export function listOf(written: string | undefined): string[] {
  return ((written ?? '').match(/(?:\\[\\,]|[^,])+/g) ?? [])
    .map((each) => each.trim().replaceAll(/\\([\\,])/g, '$1'))
    .filter((each) => each !== '')
}
