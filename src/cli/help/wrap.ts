/** Lines of at most `width` characters; a longer word has its own line. `hang` indents the later lines. */
export function wrap(text: string, width: number, hang = ''): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const next = line === '' ? word : `${line} ${word}`
    if (next.length <= width || line.trim() === '') {
      line = next
      continue
    }
    lines.push(line)
    line = hang + word
  }
  return line === '' ? lines : [...lines, line]
}

/** Widths of columns that together fit `width`, with two blanks between; wide columns give way first. */
export function fitted(natural: readonly number[], width: number, least = 4): readonly number[] {
  const widths = [...natural]
  const room = width - 2 * (widths.length - 1)
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0;) {
    const widest = Math.max(...widths)
    if (widest <= least) break
    const second = Math.max(least, ...widths.filter((number) => number < widest))
    const at = widths.flatMap((number, index) => (number === widest ? [index] : []))
    const less = Math.min(widest - second, Math.ceil(over / at.length))
    for (const index of at) {
      const cut = Math.min(less, over)
      widths[index]! -= cut
      over -= cut
    }
  }
  return widths
}
