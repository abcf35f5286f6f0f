/** Values between commas. `\,` is a comma, `\\` a backslash. */
export function listOf(written: string | undefined): string[] {
  return ((written ?? '').match(/(?:\\[\\,]|[^,])+/g) ?? [])
    .map((item) => item.trim().replaceAll(/\\([\\,])/g, '$1'))
    .filter((item) => item !== '')
}
