/** Tables of filters of lines and labels, and of patterns. */
import { linePatternOf } from '../../../src/query/logql/line-pattern.ts'
import { parseLogs, processed } from '../../../src/query/logql/index.ts'
import { LabelSet } from '../../../src/query/metrics/labels.ts'
import { compared, type Case, type SyntaxCase } from './cases.ts'
import type { GoExpression } from './go-expressions.ts'
import { field, rowsOf, type GoRow } from './go-tables.ts'
import { isNil, labelsOf, listOf, nameOf, numberOf, textOf, truthOf } from './go-values.ts'
import { labelFilterText, quoted } from './stage-texts.ts'
import { tableOf, type Table } from './stage-tables.ts'

const labelFilters = (test: string): Table =>
  tableOf('log/label_filter_test.go', test, (row) => {
    const [labels, wanted] = [labelsOf(field(row, 'lbs')), labelsOf(field(row, 'wantLbs'))]
    const stages = labelFilterText(field(row, 'f'))
    if (labels === undefined || wanted === undefined || stages === undefined) return []
    const error = textOf(field(row, 'err')) ?? ''
    const kept = truthOf(field(row, 'want'))
    const want = { kept, ...(kept ? { labels: wanted } : {}) }
    return [{ stages, line: '', labels: error === '' ? labels : { ...labels, __error__: error }, want }]
  })

const sizes = tableOf('log/label_filter_test.go', 'TestBytes_Filter', (row) => [
  {
    stages: `| bar==${numberOf(field(row, 'expectedBytes'))}B`,
    line: '',
    labels: { bar: textOf(field(row, 'label'))! },
    want: { kept: truthOf(field(row, 'want')) },
  },
])

const texts = tableOf('log/label_filter_test.go', 'TestStringLabelFilter', (row) => {
  const [stages, labels] = [labelFilterText(field(row, 'filter')), labelsOf(field(row, 'labels'))]
  if (stages === undefined || labels === undefined) return []
  return [{ stages, line: 'sample log line', labels, want: { kept: truthOf(field(row, 'shouldMatch')) } }]
})

export function syntaxTable(
  file: string,
  test: string,
  read: (row: GoRow) => readonly Omit<SyntaxCase, 'is' | 'name'>[],
): Table {
  return {
    file,
    test,
    cases: (source) =>
      rowsOf(source, test).flatMap((row, index) =>
        read(row).map((each): Case => ({ is: 'syntax', name: `${index + 1}: ${each.query}`, ...each })),
      ),
  }
}

const addressesInLines: Table = tableOf('log/ip_test.go', 'Test_IPFilter', (row) => {
  const kept = new Set(listOf(field(row, 'expected')).map(numberOf))
  if (truthOf(field(row, 'fail'))) return []
  return listOf(field(row, 'input')).map((line, at) => ({
    stages: `|= ip(${quoted(textOf(field(row, 'pat'))!)})`,
    line: textOf(line)!,
    labels: {},
    want: { kept: kept.has(at) },
  }))
})

const faultyAddresses = syntaxTable('log/ip_test.go', 'Test_IPFilter', (row) =>
  truthOf(field(row, 'fail')) ? [{ query: `{a="b"} |= ip(${quoted(textOf(field(row, 'pat'))!)})`, valid: false }] : [],
)

const operators: Readonly<Record<string, string>> = {
  LineMatchEqual: '|=',
  LineMatchNotEqual: '!=',
  LineMatchRegexp: '|~',
  LineMatchNotRegexp: '!~',
  LabelFilterEqual: '=',
  LabelFilterNotEqual: '!=',
}

function addressStage(row: GoRow): string {
  const [operator, label] = [operators[nameOf(field(row, 'ty'))] ?? '>', textOf(field(row, 'label'))]
  return `${label === undefined ? operator : `| ${label}${operator}`} ip(${quoted(textOf(field(row, 'pat'))!)})`
}

const addressOperators = (test: string): readonly Table[] => [
  tableOf('log/ip_test.go', test, (row) => {
    if (truthOf(field(row, 'fail'))) return []
    const label = textOf(field(row, 'label'))
    const text = textOf(field(row, label === undefined ? 'line' : 'val'))!
    const want = { kept: truthOf(field(row, 'expectedMatch')) }
    return [{ stages: addressStage(row), line: text, labels: label === undefined ? {} : { [label]: text }, want }]
  }),
  syntaxTable('log/ip_test.go', test, (row) =>
    truthOf(field(row, 'fail')) ? [{ query: `{a="b"} ${addressStage(row)}`, valid: false }] : [],
  ),
]

const fixtures = [
  'foo',
  'foobar',
  'bar',
  'foobuzz',
  'buzz',
  'f',
  '  ',
  'fba',
  'foofoofoo',
  'b',
  'foob',
  'bfoo',
  'FoO',
  'fooÏbar',
]

/** The simplified filter selects the lines of the regular expression. */
const regexes: Table = tableOf('log/filter_test.go', 'Test_SimplifiedRegex', (row) => {
  const [re, match] = [textOf(field(row, 're'))!, truthOf(field(row, 'match'))]
  const regex = new RegExp(re.replace('(?P<', '(?<').replace(/\(\?i\)(.*)/, '(?i:$1)'), 'su')
  return fixtures.map((line) => ({
    stages: `${match ? '|~' : '!~'} ${quoted(re)}`,
    line,
    labels: {},
    want: { kept: regex.test(line) === match },
  }))
})

/** The filter of the query for letters without case. */
const lowerCase: Table = tableOf('log/filter_test.go', 'cases', (row) => {
  const [line, text] = [textOf(field(row, 'line')), textOf(field(row, 'substr'))]
  if (line === undefined || text === undefined) return []
  const escaped = text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return [
    { stages: `|~ ${quoted(`(?i)${escaped}`)}`, line, labels: {}, want: { kept: truthOf(field(row, 'expected')) } },
  ]
})

/** Captures by place; the filter needs the whole line. */
const patterns: Table = {
  file: 'log/pattern/pattern_test.go',
  test: 'fixtures',
  cases: (source) =>
    rowsOf(source, 'fixtures').map((row, index): Case => {
      const [expression, line] = [textOf(field(row, 'expr'))!, textOf(field(row, 'in'))!]
      const wanted = listOf(field(row, 'expected')).map(textOf)
      const verdict = () => {
        const { stages } = parseLogs(`{a="b"} | pattern ${quoted(expression)}`)
        const entry = { time: 1n, line, stream: LabelSet.empty, metadata: {} }
        const names = linePatternOf(expression, { named: true }).flatMap((part) =>
          'name' in part && part.name !== undefined ? [part.name] : [],
        )
        const labels = processed(entry, stages, 1n)!.labels
        const results = names.filter((name) => labels.has(name)).map((name) => labels.get(name))
        return compared(`${expression}\n${line}`, JSON.stringify(wanted), JSON.stringify(results))
      }
      return { is: 'other', name: `${index + 1}: ${expression}`, verdict }
    }),
}

const faulty = (value: GoExpression): boolean => !isNil(value)

const patternErrors = syntaxTable('log/pattern/pattern_test.go', 'Test_Error', (row) => [
  { query: `{a="b"} | pattern ${quoted(textOf(field(row, 'name'))!)}`, valid: !faulty(field(row, 'err')) },
])
const lineFilterErrors = syntaxTable('log/pattern/pattern_test.go', 'Test_ParseLineFilter', (row) => [
  { query: `{a="b"} |> ${quoted(textOf(field(row, 'name'))!)}`, valid: !faulty(field(row, 'err')) },
])

export const filterTables: readonly Table[] = [
  labelFilters('TestBinary_Filter'),
  sizes,
  labelFilters('TestErrorFiltering'),
  texts,
  addressesInLines,
  faultyAddresses,
  ...addressOperators('Test_IPLabelFilterTy'),
  ...addressOperators('Test_IPLineFilterTy'),
  regexes,
  lowerCase,
  patterns,
  patternErrors,
  lineFilterErrors,
]
