import { listText } from '../../state/parts.ts'

/** Parameters of a kind of panels, without the empty ones. */
export function selectOf(
  values: Readonly<Record<string, string | readonly string[]>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [name, typeof value === 'string' ? value : (listText(value) ?? '')] as const)
      .filter(([, value]) => value !== ''),
  )
}
