/** Markdown of documents and notes: headings, paragraphs, lists, tables, code and quotes. HTML is text. */

import { docAnchor } from '../doc-anchor.ts'

export type Inline =
  | Readonly<{ is: 'text' | 'code' | 'strong' | 'emphasis'; text: string }>
  | Readonly<{ is: 'link'; text: string; to: string }>

export type Block =
  | Readonly<{ is: 'heading'; level: number; text: readonly Inline[]; id: string }>
  | Readonly<{ is: 'paragraph' | 'quote'; text: readonly Inline[] }>
  | Readonly<{ is: 'code'; text: string }>
  | Readonly<{ is: 'list'; ordered: boolean; items: readonly (readonly Inline[])[] }>
  | Readonly<{ is: 'table'; head: readonly (readonly Inline[])[]; rows: readonly (readonly (readonly Inline[])[])[] }>

/** Lengths are limited, because a search for the end of each `[` of a long text would be quadratic. */
const marks = new RegExp(
  [
    /`([^`]+)`/,
    /\*\*([^*]+)\*\*/,
    /(?<![\w*])\*([^*\s][^*]*)\*/,
    /!?\[((?:[^\]\\]|\\.){0,500})\]\(([^)\s]{1,2000})\)/,
    /<(https?:[^>\s]{1,2000})>/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)

export function inlineOf(text: string): readonly Inline[] {
  const parts: Inline[] = []
  let end = 0
  const plain = (to: number) => {
    if (to > end) parts.push({ is: 'text', text: text.slice(end, to).replaceAll(/\\([^\w\s])/g, '$1') })
  }
  for (const { 0: mark, index, 1: code, 2: strong, 3: emphasis, 4: label, 5: to, 6: url } of text.matchAll(marks)) {
    plain(index)
    end = index + mark.length
    if (code !== undefined) parts.push({ is: 'code', text: code })
    else if (strong !== undefined) parts.push({ is: 'strong', text: strong.replaceAll('`', '') })
    else if (emphasis !== undefined) parts.push({ is: 'emphasis', text: emphasis })
    else if (url !== undefined) parts.push({ is: 'link', text: url, to: url })
    else if (!mark.startsWith('!')) parts.push({ is: 'link', text: (label ?? '').replaceAll('`', ''), to: to ?? '' })
  }
  plain(text.length)
  return parts
}

const item = /^(\s*)(?:[-*]|(\d+)\.) (.*)$/
const cellsOf = (line: string) =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => inlineOf(cell.trim().replaceAll(String.raw`\|`, '|')))

export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  let at = 0
  const taken = (test: (line: string) => boolean): string[] => {
    const from = at
    while (at < lines.length && test(lines[at] ?? '')) at++
    return lines.slice(from, at)
  }
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const [, level, heading = ''] = /^(#{1,6}) (.+)$/.exec(line) ?? []
    if (line.trim() === '' || /^<!--.*-->$/.test(line)) at++
    else if (level !== undefined) {
      at++
      blocks.push({ is: 'heading', level: level.length, text: inlineOf(heading), id: docAnchor(heading) })
    } else if (/^\s*```/.test(line)) {
      at++
      const code = taken((line) => !/^\s*```/.test(line))
      at++
      blocks.push({ is: 'code', text: code.join('\n') })
    } else if (line.startsWith('|') && /^\|[\s:|-]+\|?$/.test(lines[at + 1] ?? '')) {
      const [head = '', , ...rows] = taken((line) => line.startsWith('|'))
      blocks.push({ is: 'table', head: cellsOf(head), rows: rows.map(cellsOf) })
    } else if (item.test(line)) {
      const ordered = item.exec(line)?.[2] !== undefined
      const items: string[] = []
      for (const line of taken((text) => item.test(text) || /^\s+\S/.test(text))) {
        const text = item.exec(line)?.[3]
        if (text !== undefined) items.push(text)
        else items.push(`${items.pop() ?? ''} ${line.trim()}`)
      }
      blocks.push({ is: 'list', ordered, items: items.map(inlineOf) })
    } else if (line.startsWith('>')) {
      const quoted = taken((line) => line.startsWith('>'))
      blocks.push({ is: 'quote', text: inlineOf(quoted.map((line) => line.replace(/^>\s?/, '')).join(' ')) })
    } else {
      const first = at
      const paragraph = taken(
        (line) => line.trim() !== '' && !/^(?:#{1,6} |\s*```|\||>)/.test(line) && !item.test(line),
      )
      if (at === first) at++
      const text = inlineOf(paragraph.join(' '))
      if (text.length > 0) blocks.push({ is: 'paragraph', text })
    }
  }
  return blocks
}
