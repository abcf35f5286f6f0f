/** `*` is any run of characters. Linear in both for each star. */
export function wildcardTest(wildcard: string): (text: string) => boolean {
  const [first = '', ...rest] = wildcard.split('*')
  const last = rest.pop()
  if (last === undefined) return (text) => text === first
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    const end = text.length - last.length
    let at = first.length
    for (const piece of rest) {
      const index = text.indexOf(piece, at)
      if (index < 0 || index + piece.length > end) return false
      at = index + piece.length
    }
    return true
  }
}
