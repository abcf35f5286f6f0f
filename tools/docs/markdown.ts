export function generatedHead(title: string, from: string): string {
  return `<!-- Generated from ${from} by \`npm run docs\`. Do not edit. -->\n\n# ${title}\n\n`
}

/** Cells may not contain line breaks. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return `${[line(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')}\n`
}

export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

/** At most 118 columns; code and links stay whole. `indent`: of all lines but the first. */
export function wrapped(text: string, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.match(/(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|\S)+/g) ?? []) {
    const start = lines.length === 0 ? '' : indent
    if (line !== '' && start.length + line.length + 1 + word.length > 118) {
      lines.push(start + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, (lines.length === 0 ? '' : indent) + line].join('\n')
}

/** As on GitHub. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

interface Block {
  /** In the markers `<!-- support:begin -->` and `<!-- support:end -->`. */
  readonly name: string
  readonly content: string
}

/** Adds a missing block below the title. */
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
