/** A Markdown document of this project as text for a terminal. */
import { fitted, wrap } from './wrap.ts'

type Layout = Readonly<{ width: number; heading: (text: string) => string }>

const TABLE = /^\|.*\|$/
const ITEM = /^(\s*)([-*]|\d+\.) (.*)$/

export function pageText(markdown: string, { width, heading }: Layout): string {
  const lines = markdown.replaceAll(/<!--[^]*?-->\n?/g, '').split('\n')
  const out: string[] = []
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!
    if (/^\s*```/.test(line)) {
      const end = lines.findIndex((candidate, index) => index > at && /^\s*```/.test(candidate))
      out.push(...lines.slice(at + 1, end === -1 ? undefined : end).map((code) => `    ${code}`.trimEnd()))
      at = end === -1 ? lines.length : end + 1
      continue
    }
    const title = /^#+ (.*)$/.exec(line)?.[1]
    if (title !== undefined || line.trim() === '') {
      out.push(title === undefined ? '' : heading(plainText(title)))
      at++
      continue
    }
    const isTable = TABLE.test(line)
    const end = lines.findIndex(
      (candidate, index) =>
        index > at &&
        (isTable ? !TABLE.test(candidate) : /^\s*(?:```|$|#+ |\|)/.test(candidate) || ITEM.test(candidate)),
    )
    const block = lines.slice(at, end === -1 ? undefined : end)
    out.push(...(isTable ? tableLines(block, width) : paragraph(block, width)))
    at += block.length
  }
  return `${out
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()}\n`
}

function paragraph(block: readonly string[], width: number): readonly string[] {
  const [, indent = '', mark = '', first = block[0]!] = ITEM.exec(block[0]!) ?? []
  const text = plainText([first, ...block.slice(1)].join(' '))
  // A picture alone.
  if (text === '') return []
  const start = mark === '' ? '' : `${indent}${mark} `
  const [head = '', ...rest] = wrap(text, width - start.length)
  return [start + head, ...rest.map((line) => ' '.repeat(start.length) + line)]
}

function tableLines(block: readonly string[], width: number): readonly string[] {
  const rows = block
    .filter((line) => !/^\|[\s:|-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => plainText(cell.replaceAll('\\|', '|')).trim()),
    )
  const natural = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const widths = fitted(natural, width, 8)
  return rows.flatMap((row, index) => {
    const cells = widths.map((size, column) => wrap(row[column] ?? '', size))
    const height = Math.max(...cells.map((cell) => cell.length))
    const laid = Array.from({ length: height }, (_, line) =>
      cells
        .map((cell, column) => (cell[line] ?? '').padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    return index === 0 ? [...laid, widths.map((size) => '-'.repeat(size)).join('  ')] : laid
  })
}

/** Without links, pictures and emphasis. Links to documents keep their text, others their address too. */
function plainText(text: string): string {
  return text
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replaceAll(/\[([^\]]*)\]\((https?:[^)]+)\)/g, '$1 ($2)')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\[([^\]]+)\]\[[^\]]*\]/g, '$1')
    .replaceAll(/\*\*([^*]+)\*\*/g, '$1')
    .replaceAll(/(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])/g, '$1')
}
