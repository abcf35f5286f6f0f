// Lines fit into 120 columns, except links and data.
import { ROOT } from '../kit/command.ts'
import { isMain } from '../kit/main.ts'
import { runCheckAlone, type Problem } from '../kit/sources.ts'
import { textFiles } from '../kit/text-files.ts'

const COLUMNS = 120

/** Table rows cannot be wrapped; generated ones do not count. */
const LIMITS = { lines: 0, tableRows: 496 }

const GENERATED = /^docs\/reference\//

const TEXT = /\.(?:ts|tsx|mts|mjs|md|css|html|yaml|yml|proto|tf|toml|sh|py|go)$|(?:^|\/)(?:Dockerfile|Makefile)$/

const DATA = /\S{80,}|^\s*\/(?![/*]).*\/[a-z]*[,;)]*$/

export type LongLine = Readonly<{
  file: string
  line: number
  inTable: boolean
}>

export async function lineLength(root: string): Promise<Problem[]> {
  const long = countedLines(await longLines(root))
  const rows = long.filter(({ inTable }) => inTable).length
  return [...above('lines', LIMITS.lines, long.length - rows), ...above('table rows', LIMITS.tableRows, rows)]
}

const countedLines = (long: readonly LongLine[]): readonly LongLine[] =>
  long.filter(({ inTable, file }) => !inTable || !GENERATED.test(file))

/** Lines of the kinds that exceed their limit. */
export function excessive(
  long: readonly LongLine[],
  { lines, tableRows }: typeof LIMITS = LIMITS,
): readonly LongLine[] {
  const kinds = Map.groupBy(countedLines(long), ({ inTable }) => inTable)
  return [...kinds].flatMap(([inTable, of]) => (of.length > (inTable ? tableRows : lines) ? of : []))
}

function above(kind: string, limit: number, count: number): Problem[] {
  if (count <= limit) return []
  const message =
    `${count} ${kind} are longer than ${COLUMNS} columns; at most ${limit}. \`npm run ts -- ` +
    `tools/checks/line-length.ts --lines\` lists them`
  return [{ file: 'tools/checks/line-length.ts', message }]
}

export async function longLines(root: string): Promise<LongLine[]> {
  const results: LongLine[] = []
  for (const { path, text } of await textFiles(root, TEXT)) {
    let fenced = false
    for (const [index, line] of text.split('\n').entries()) {
      // A command or query to paste is data.
      if (path.endsWith('.md') && line.trimStart().startsWith('```')) fenced = !fenced
      if (fenced) continue
      if (line.length <= COLUMNS || withoutLinks(line).length <= COLUMNS || DATA.test(line)) continue
      results.push({ file: path, line: index + 1, inTable: path.endsWith('.md') && line.trimStart().startsWith('|') })
    }
  }
  return results
}

function withoutLinks(line: string) {
  return line.replaceAll(/\]\([^)]*\)/g, ']').replaceAll(/https?:\/\/\S+/g, '')
}

if (isMain(import.meta.url)) {
  const lines = process.argv[2] === '--lines'
  if (lines) for (const { file, line } of excessive(await longLines(ROOT))) console.log(`${file}:${line}`)
  process.argv[2] = ROOT
  await runCheckAlone(lineLength, 'line length')
}
