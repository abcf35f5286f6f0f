import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../../src/model/errors.ts'
import { parseLogs, processed } from '../../../src/query/logql/index.ts'
import { QueryFailure } from '../../../src/query/metrics/failure.ts'
import { LabelSet } from '../../../src/query/metrics/labels.ts'
import { bytesIn, rowsOf, textsIn, type GoValue } from '../logqltest/go-tables.ts'
import type { Outcome, Suite } from '../suite.ts'

type Case = Readonly<{
  name: string
  stage: string
  line: string
  labels: Record<string, string>
  metadata: Record<string, string>
  /** Ns. */
  time: bigint
  /** Undefined: the test does not compare labels. */
  wantLabels?: Record<string, string>
  wantLine?: string
}>

type Table = Readonly<{ file: string; test: string; read: (row: readonly GoValue[]) => Case[] }>

/** Hints belong to the optimizer, not to a query. */
const isPlain = (value: GoValue | undefined): boolean => typeof value === 'object' && value.name === 'NoParserHints'

const parserTable = (test: string, stage: string, at: Readonly<{ hints: number; metadata: number }>): Table => ({
  file: 'parser_test.go',
  test,
  read(row) {
    const [name, line, labels, want] = [bytesIn(row[0]), bytesIn(row[1]), textsIn(row[2]), textsIn(row[3])]
    if (name === undefined || line === undefined || labels === undefined || want === undefined) return []
    if (!isPlain(row[at.hints])) return []
    return [{ name, stage, line, labels, metadata: textsIn(row[at.metadata]) ?? {}, time: 1n, wantLabels: want }]
  },
})

const lineFormats: Table = {
  file: 'fmt_test.go',
  test: 'Test_lineFormatter_Format',
  read([name, format, labels, time, want, wantLabels, line]) {
    const [given, wanted] = [textsIn(labels), textsIn(wantLabels)]
    const template = typeof format === 'object' ? format.list?.[0] : undefined
    if (typeof name !== 'string' || typeof template !== 'string' || given === undefined || wanted === undefined)
      return []
    const wantLine = bytesIn(want)
    return [
      {
        name,
        stage: `line_format ${JSON.stringify(template)}`,
        line: bytesIn(line) ?? '',
        labels: given,
        metadata: {},
        time: typeof time === 'object' && /^\d+$/.test(time.name) ? BigInt(time.name) : 0n,
        wantLabels: wanted,
        ...(wantLine === undefined ? {} : { wantLine }),
      },
    ]
  },
}

const tables: readonly Table[] = [
  parserTable('Test_jsonParser_Parse', 'json', { hints: 5, metadata: 6 }),
  parserTable('TestLogfmtParser_parse', 'logfmt', { hints: 5, metadata: 6 }),
  lineFormats,
]

const now = 1_795_800_000_000_000_000n

/** Texts of errors are not part of the language. */
const ignored: ReadonlySet<string> = new Set(['__error_details__', '__preserve_error__'])

const shown = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(LabelSet.of(Object.entries(labels).filter(([label]) => !ignored.has(label))))

function verdict({ stage, line, labels, metadata, time, wantLabels, wantLine }: Case): Omit<Outcome, 'name'> {
  try {
    const { stages } = parseLogs(`{a="b"} | ${stage}`)
    const entry = { time, line, stream: LabelSet.of(labels), metadata }
    const state = processed(entry, stages, now)
    const found = shown(Object.fromEntries(state?.labels ?? []))
    const wanted = wantLabels === undefined ? found : shown({ ...metadata, ...wantLabels })
    if (found !== wanted)
      return { verdict: 'wrong', detail: `${stage}\n${line}\nexpected ${wanted}\nactual   ${found}` }
    if (wantLine === undefined || state?.line === wantLine) return { verdict: 'right' }
    const texts = `expected ${JSON.stringify(wantLine)}\nactual   ${JSON.stringify(state?.line)}`
    return { verdict: 'wrong', detail: `${stage}\n${line}\n${texts}` }
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    return { verdict: error.kind === 'unsupported' ? 'refused' : 'wrong', detail: `${stage}\n${messageOf(error)}` }
  }
}

export const suite: Suite = {
  summary: "Loki's tests of parsers and templates; right: the labels without details of errors, and the line",
  source: 'folder pkg/logql/log of the Go module github.com/grafana/loki/v3 (go mod download -json)',
  async *outcomes(folder) {
    for (const { file, test, read } of tables) {
      const source = await readFile(join(folder, file), 'utf8')
      for (const [index, row] of rowsOf(source, test).entries())
        for (const one of read(row)) yield { name: `${test} ${index + 1}: ${one.name}`, ...verdict(one) }
    }
  },
}
