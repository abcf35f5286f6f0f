export function replaced(container: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(container))
    return container.map((item: unknown, index) => (index === key ? replaced(item, rest, value) : item))
  const all = container as Readonly<Record<string, unknown>>
  return { ...all, [key]: replaced(all[key], rest, value) }
}
