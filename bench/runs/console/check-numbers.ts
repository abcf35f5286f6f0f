/** The checks of docs/explain/console-checks.md. */
export const checkNumbers: readonly number[] = Array.from({ length: 52 }, (_, at) => at + 1)

/** The number in a title such as `check 7: …`. */
export function numberOf(title: string): number | undefined {
  const found = /^check (\d+): /.exec(title)?.[1]
  return found === undefined ? undefined : Number(found)
}
