export function didYouMean(written: string, names: Iterable<string>): string | undefined {
  const word = nearest(written, names)
  return word === undefined ? undefined : `did you mean \`${word}\`?`
}

export function nearest(written: string, names: Iterable<string>): string | undefined {
  const from = fold(written)
  let best: string | undefined
  let least = Math.max(1, Math.floor(from.length / 3)) + 1
  for (const word of names) {
    const to = fold(word)
    const distance = editDistance(from, to)
    if (distance < least && distance < to.length) [best, least] = [word, distance]
  }
  return best
}

function fold(word: string) {
  return word.toLowerCase().replace(/[-_ .]/g, '_')
}

export function editDistance(a: string, b: string): number {
  let older: number[] = []
  let old = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((old[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (old[j - 1] ?? 0) + (same ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && i > 1 && j > 1)
        cost = Math.min(cost, (older[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    older = old
    old = row
  }
  return old[b.length] ?? 0
}
