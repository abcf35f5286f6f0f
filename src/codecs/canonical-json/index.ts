/** Keys in UTF-8 byte order, no white space. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) text += text === '' ? canonical(item) : `,${canonical(item)}`
    return `[${text}]`
  }
  const from = value as Readonly<Record<string, unknown>>
  for (const key of inOrder(Object.keys(from))) {
    const member = from[key]
    if (member !== undefined)
      text += text === '' ? `${quoted(key)}:${canonical(member)}` : `,${quoted(key)}:${canonical(member)}`
  }
  return `{${text}}`
}

/** UTF-16 order equals byte order within the basic plane. */
function inOrder(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] ?? '') <= (keys[i] ?? '')) continue
    keys.sort()
    break
  }
  return keys.some((key) => surrogate.test(key))
    ? keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    : keys
}

const surrogate = /[\uD800-\uDFFF]/

const cache = new Map<string, string>()

function quoted(key: string): string {
  let text = cache.get(key)
  if (text === undefined) {
    text = JSON.stringify(key)
    if (cache.size < 5000) cache.set(key, text)
  }
  return text
}
