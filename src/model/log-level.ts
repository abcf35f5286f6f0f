/** Levels of lines of logs. */

const levels: readonly (readonly [level: string, words: readonly string[]])[] = (
  [
    ['trace', 'trace trc'],
    ['debug', 'debug dbg'],
    ['info', 'info inf information'],
    ['warn', 'warn wrn warning'],
    ['error', 'error err'],
    ['critical', 'critical'],
    ['fatal', 'fatal'],
  ] as const
).map(([level, words]) => [level, words.split(' ')])

export const levelsOfWords: ReadonlyMap<string, string> = new Map(
  levels.flatMap(([level, words]) => words.map((word) => [word, level] as const)),
)

/** Characters of a line in which a word is searched. */
export const levelHead = 2048
export const levelWords = 'trace|trc|debug|dbg|info|warn|wrn|warning|error|err|critical|fatal'
const word = new RegExp(`\\b(${levelWords})\\b`, 'i')

/** Level of the first word of the line that is a level; else `unknown`. */
export function levelInLine(line: string): string {
  return levelsOfWords.get(word.exec(line.slice(0, levelHead))?.[1]?.toLowerCase() ?? '') ?? 'unknown'
}
