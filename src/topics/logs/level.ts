/** Levels of lines that have none, as Loki detects them. */
import { readMembers } from '../../query/logql/json-members.ts'
import { levelHead, levelInLine, levelsOfWords } from '../../model/log-level.ts'
import type { LogData } from '../../model/points.ts'

const names: ReadonlySet<string> = new Set(
  [
    'level LEVEL Level log.level lvl LVL Lvl severity SEVERITY Severity',
    'SeverityText severity_text Severity_Text SEVERITY_TEXT',
  ]
    .join(' ')
    .split(' '),
)

const levelOf = (text: string): string | undefined => levelsOfWords.get(text.toLowerCase())

/** Never undefined: a line without a level is `unknown`. */
export function detectedLevel({ line, severity, labels = {}, metadata = {} }: LogData): string {
  if (severity !== undefined) return severity
  for (const texts of [metadata, labels])
    for (const name of names) if (texts[name] !== undefined) return levelOf(texts[name]) ?? texts[name].toLowerCase()
  return inLine(line) ?? levelInLine(line)
}

const pair = /(?:^|\s)([a-zA-Z_.]+)=(?:"([^"]*)"|(\S*))/g

function inLine(line: string): string | undefined {
  if (/^\s*\{/.test(line)) {
    let level: string | undefined
    readMembers(line, (path, value) => {
      if (path.length === 1 && names.has(path[0]!)) level ??= levelOf(value)
    })
    if (level !== undefined) return level
  } else
    for (const [, name = '', quoted, plain = ''] of line.slice(0, levelHead).matchAll(pair)) {
      const level = names.has(name) ? levelOf(quoted ?? plain) : undefined
      if (level !== undefined) return level
    }
  return undefined
}
