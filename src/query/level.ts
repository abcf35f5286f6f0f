import { levelHead, levelsOfWords, levelWords } from '../model/log-level.ts'
import type { Dialect } from './dialect.ts'

/** The level of a line of logs by its first word that is one. */
export function levelWordSql(line: string, { firstGroup, keyText, lower, mapped }: Dialect): string {
  const first = lower(firstGroup(keyText(line, levelHead), `(?i)\\b(${levelWords})\\b`))
  return mapped(first, [...levelsOfWords], 'unknown')
}

/** The severity that the source sent, else the level in the line; NULL for other events. */
export function levelSql(dialect: Dialect): string {
  const member = (name: string) => dialect.jsonText('data', [name])
  return `CASE WHEN family = 'log' THEN coalesce(${member('severity')}, ${levelWordSql(member('line'), dialect)}) END`
}
