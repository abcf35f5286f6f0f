import type { Mask } from './shapes.ts'
import { mark } from './values.ts'

export type Range = Readonly<{
  start: number
  end: number
  prefix?: string
}>

const maxQuoted = 65_536

export function lineStart(text: string, at: number): number {
  const least = Math.max(0, at - 300)
  for (let from = at; from > least; from--) if (text.charCodeAt(from - 1) === 10) return from
  return least
}

const line = { text: '', from: 0, end: 0 }

export function lineEnd(text: string, at: number): number {
  if (line.text !== text || at < line.from || at > line.end) {
    const index = text.indexOf('\n', at)
    Object.assign(line, { text, from: at, end: index === -1 ? text.length : index })
  }
  const { end } = line
  return end > at && text[end - 1] === '\r' ? end - 1 : end
}

/** Without the quotes. Escaped quotes end at the next escaped quote. */
export function quotedEnd(text: string, start: number): Range | undefined {
  const opening = /\\{0,3}(?:"""|'''|"|'|`)/y
  opening.lastIndex = start
  const open = opening.exec(text)?.[0]
  if (open === undefined) return undefined
  const from = start + open.length
  const quote = open.at(-1) ?? ''
  const rest = text.slice(from, from + maxQuoted)
  for (let next = rest.indexOf(open); next !== -1; next = rest.indexOf(open, next + 1)) {
    const at = from + next
    if (open === '"' && isEscaped(text, at)) continue
    // YAML and SQL double a quote within quotes.
    if (quote === "'" && open === "'" && text[at + 1] === "'") {
      next++
      continue
    }
    return { start: from, end: at }
  }
  return { start: from, end: lineEnd(text, from) }
}

function isEscaped(text: string, at: number) {
  let slashes = 0
  while (text[at - 1 - slashes] === '\\') slashes++
  return slashes % 2 === 1
}

export function below(
  text: string,
  end: number,
  column: number,
  expected: 'scalar' | 'any',
): Readonly<{ items: readonly Range[]; block: (Range & Readonly<{ text: string; prefix: string }>) | undefined }> {
  const isScalar = expected === 'scalar'
  const items: Range[] = []
  const next = text.indexOf('\n', end)
  let [at, start, last, isBlock] = [next === -1 ? text.length : next + 1, -1, -1, true]
  while (at < text.length) {
    const stop = lineEnd(text, at)
    const lead = /[ \t]*/y
    lead.lastIndex = at
    const indent = lead.exec(text)?.[0].length ?? 0
    const from = at + indent
    if (from < stop) {
      const isItem = !isScalar && text[from] === '-' && (text[from + 1] === ' ' || text[from + 1] === '\t')
      if (isItem ? indent < column : indent <= column) break
      if (
        !isScalar &&
        (isItem ||
          items.length > 0 ||
          /^(?:[\w.$/-]+|"[^"]*"|'[^']*'):(?:\s|$)/.test(text.slice(from, Math.min(stop, from + 300))))
      )
        isBlock = false
      if (isItem) {
        const value = /-[ \t]+(["']?)(.*?)\1[ \t]*$/.exec(text.slice(from, stop))
        const begin = from + (value?.[0].indexOf(value[2] ?? '', 1) ?? 0)
        if (value?.[2] !== undefined && !/^(?:[\w.$/-]+|"[^"]*"):(?:\s|$)/.test(value[2]))
          items.push({ start: begin, end: begin + value[2].length })
      }
      if (start === -1) start = from
      last = stop
    }
    const after = text.indexOf('\n', stop)
    if (after === -1) break
    at = after + 1
  }
  return {
    items,
    block: isBlock && start !== -1 ? { start, end: last, text: text.slice(start, last), prefix: '' } : undefined,
  }
}

export function flowList(text: string, start: number, end: number): Range[] {
  const close = text.indexOf(']', start)
  const entry = /"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,[\]"']+)/g
  entry.lastIndex = start
  const results: Range[] = []
  for (
    let match = entry.exec(text);
    match !== null && match.index < (close === -1 ? end : close);
    match = entry.exec(text)
  ) {
    const value = match[1] ?? match[2] ?? match[3] ?? ''
    const from = match.index + (match[3] === undefined ? 1 : 0)
    results.push({ start: from, end: from + value.length })
  }
  return results
}

const isSecretManifest = /^[ \t]*(?:-[ \t]+)?kind:[ \t]*["']?Secret["']?[ \t]*$/m

export function embeddedSecrets(text: string, mask: Mask): string {
  if (!isSecretManifest.test(text)) return text
  return text
    .split(/^(?=---)/m)
    .map((document) => (isSecretManifest.test(document) ? withoutData(document, mask) : document))
    .join('')
}

function withoutData(document: string, mask: Mask): string {
  const lines = document.split('\n')
  const safe: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const head = /^([ \t]*)(?:-[ \t]+)?(?:data|stringData):[ \t]*(.*)$/.exec(lines[at] ?? '')
    safe.push(lines[at] ?? '')
    if (head === null) continue
    if ((head[2] ?? '').startsWith('{')) {
      safe[safe.length - 1] = `${(lines[at] ?? '').slice(0, -(head[2] ?? '').length)}{${(head[2] ?? '')
        .replace(/^\{|\}\s*$/g, '')
        .split(',')
        .map((entry) => entry.replace(/^([^:]*:\s*)([\s\S]*)$/, (_, key: string, value: string) => key + mask(value)))
        .join(',')}}`
      continue
    }
    const outer = (head[1] ?? '').length
    let inner: number | undefined
    let pending: string[] = []
    const flush = () => {
      const value = /^([ \t]*(?:[\w.-]+|"[^"]*"|'[^']*'):)([\s\S]*)$/.exec(pending.join('\n'))
      if (value !== null && (value[2] ?? '').trim() !== '')
        safe.push(
          `${value[1]} ${(value[2] ?? '').trim().startsWith(mark) ? (value[2] ?? '').trim() : mask(value[2] ?? '')}`,
        )
      else safe.push(...pending)
      pending = []
    }
    while (at + 1 < lines.length) {
      const line = lines[at + 1] ?? ''
      const indent = /^[ \t]*/.exec(line)?.[0].length ?? 0
      if (line.trim() !== '' && indent <= outer) break
      inner ??= line.trim() === '' ? undefined : indent
      if (line.trim() !== '' && indent === inner && pending.length > 0) flush()
      pending.push(line)
      at++
    }
    if (pending.length > 0) flush()
  }
  return safe.join('\n')
}
