/** Members of a body that are no objects, by their name in filters. */
export type Leaf = Readonly<{ name: string; value: unknown }>

const [maxDepth, maxLeaves] = [4, 100] as const
const plainKey = /^[^\s"'(),=!<>~./]+$/u

/** As the server names them: `data.labels.app`, `data."/labels/a b"`. */
export function memberName(keys: readonly string[]): string {
  if (keys.every((key) => plainKey.test(key))) return `data.${keys.join('.')}`
  const pointer = keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  return `data."${pointer.replaceAll(/["\\]/g, '\\$&')}"`
}

export function leavesOf(body: unknown): Readonly<{ leaves: readonly Leaf[]; more: number }> {
  const leaves: Leaf[] = []
  let more = 0
  const visit = (value: unknown, keys: readonly string[]): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && keys.length < maxDepth) {
      for (const [key, inner] of Object.entries(value)) if (key !== '') visit(inner, [...keys, key])
    } else if (keys.length > 0 && value !== null) {
      if (leaves.length < maxLeaves) leaves.push({ name: memberName(keys), value: shown(value) })
      else more++
    }
  }
  visit(body, [])
  return { leaves, more }
}

/** Lists and deep objects have their JSON as the value of filters. */
const shown = (value: unknown): unknown => (typeof value === 'object' ? JSON.stringify(value) : value)
