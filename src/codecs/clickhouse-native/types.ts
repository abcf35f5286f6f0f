export type NativeType = Readonly<{
  name: string
  inner: readonly NativeType[]
}>

/** Texts in quotes are arguments without a meaning here. Throws for unbalanced brackets. */
export function parseType(text: string): NativeType {
  const open = text.indexOf('(')
  if (open === -1 || text.startsWith("'")) return { name: text.trim(), inner: [] }
  if (!text.endsWith(')')) throw new Error(`the type ${text} cannot be read`)
  return { name: text.slice(0, open).trim(), inner: splitArguments(text.slice(open + 1, -1)).map(parseType) }
}

function splitArguments(text: string): string[] {
  const parts: string[] = []
  let [depth, from] = [0, 0]
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (letter === "'") quoted = !quoted
    if (quoted) continue
    if (letter === '(') depth++
    if (letter === ')') depth--
    if (letter !== ',' || depth > 0) continue
    parts.push(text.slice(from, at).trim())
    from = at + 1
  }
  if (depth !== 0 || quoted) throw new Error(`the type arguments ${text} cannot be read`)
  return [...parts, text.slice(from).trim()]
}
