// How generated pages look.

/** Head of every generated page. */
export function generatedHead(title: string, from: string): string {
  return `<!-- Generated from ${from} by \`npm run docs\`. Do not edit. -->\n\n# ${title}\n\n`
}

/** A table; cells may hold anything but line breaks. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return `${[line(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')}\n`
}

export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

/** Name of a heading in a link, as GitHub and its kin make it. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

export interface Block {
  /** Goes into the markers: `<!-- support:begin -->` … `<!-- support:end -->`. */
  readonly name: string
  readonly content: string
}

/**
 * The page with the text between its markers replaced; without markers the block is added below the title, or as a
 * separate one.
 */
export function withBlock(page: string, title: string, { name, content }: Block): string {
  const begin = `<!-- ${name}:begin -->`
  const end = `<!-- ${name}:end -->`
  const block = `${begin}\n${content.trim()}\n${end}`
  const from = page.indexOf(begin)
  const to = page.indexOf(end, from)
  if (from >= 0 && to >= 0) return page.slice(0, from) + block + page.slice(to + end.length)
  const [, head = `# ${title}\n`, rest = ''] = /^(# .*\n)?([\s\S]*)$/.exec(page) ?? []
  return `${head}\n${block}\n${rest === '' ? '' : `\n${rest.replace(/^\n+/, '')}`}`
}
