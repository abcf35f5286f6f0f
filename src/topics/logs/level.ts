/** Levels of lines that have none, as Loki detects them. */
import { readMembers } from '../../query/logql/json-members.ts'
import type { LogData } from '../../model/points.ts'

const names: ReadonlySet<string> = new Set(
  [
    'level LEVEL Level log.level lvl LVL Lvl severity SEVERITY Severity',
    'SeverityText severity_text Severity_Text SEVERITY_TEXT',
  ]
    .join(' ')
    .split(' '),
)

const levels: readonly (readonly [level: string, words: ReadonlySet<string>])[] = (
  [
    ['trace', 'trace trc'],
    ['debug', 'debug dbg'],
    ['info', 'info inf information'],
    ['warn', 'warn wrn warning'],
    ['error', 'error err'],
    ['critical', 'critical'],
    ['fatal', 'fatal'],
  ] as const
).map(([level, words]) => [level, new Set(words.split(' '))])

function levelOf(text: string): string | undefined {
  const lower = text.toLowerCase()
  return levels.find(([, words]) => words.has(lower))?.[0]
}

/** Never undefined: a line without a level is `unknown`. */
export function detectedLevel({ line, severity, labels = {}, metadata = {} }: LogData): string {
  if (severity !== undefined) return severity
  for (const texts of [metadata, labels])
    for (const name of names) if (texts[name] !== undefined) return levelOf(texts[name]) ?? texts[name].toLowerCase()
  return inLine(line) ?? 'unknown'
}

const head = 2048
const pair = /(?:^|\s)([a-zA-Z_.]+)=(?:"([^"]*)"|(\S*))/g
const wordsOfLevels = 'trace|trc|debug|dbg|info|warn|wrn|warning|error|err|critical|fatal'
const words = new RegExp(`\\[?\\b(${wordsOfLevels})\\b`, 'i')

/** SQL of the first word of a line that is a level; for a sum of bytes, which need not know the other places. */
export function levelWordSql(line: string): string {
  const word = `lower(regexp_extract(left(${line}, ${head}), '(?i)\\b(${wordsOfLevels})\\b', 1))`
  const cases = levels.map(
    ([level, all]) => `WHEN ${word} IN (${[...all].map((text) => `'${text}'`).join(', ')}) THEN '${level}'`,
  )
  return `CASE ${cases.join(' ')} ELSE 'unknown' END`
}

function inLine(line: string): string | undefined {
  if (/^\s*\{/.test(line)) {
    let level: string | undefined
    readMembers(line, (path, value) => {
      if (path.length === 1 && names.has(path[0]!)) level ??= levelOf(value)
    })
    if (level !== undefined) return level
  } else
    for (const [, name = '', quoted, plain = ''] of line.slice(0, head).matchAll(pair)) {
      const level = names.has(name) ? levelOf(quoted ?? plain) : undefined
      if (level !== undefined) return level
    }
  const word = words.exec(line.slice(0, head))?.[1]
  return word === undefined ? undefined : levelOf(word)
}
