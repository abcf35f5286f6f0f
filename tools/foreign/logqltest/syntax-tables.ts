/** Tables of texts that are queries, or are none. */
import { parseLogql, parseLogs, processed } from '../../../src/query/logql/index.ts'
import { LabelSet } from '../../../src/query/metrics/labels.ts'
import { compared, type Case } from './cases.ts'
import { syntaxTable } from './filter-tables.ts'
import { field, rowsOf, textsOf } from './go-tables.ts'
import { isNil, listOf, nameOf, numberOf, textOf, truthOf } from './go-values.ts'
import { matcherText, quoted } from './stage-texts.ts'
import { tableOf, type Table } from './stage-tables.ts'

/** Loki parses these filters of lines, and refuses them when it builds the stages. */
const isBuilt = (query: string): boolean => !/[|!]~ (?:ip\(|`[^`]*\\`)/.test(query)

/** Each text is a query, or none is. */
const texts = (file: string, test: string, are: 'queries' | 'invalid' = 'queries'): Table => ({
  file,
  test,
  cases: (source) =>
    textsOf(source, test).map((query, index): Case => ({
      is: 'syntax',
      name: `${index + 1}: ${query}`,
      query,
      valid: are === 'queries',
    })),
})

/** A column of queries. */
const column = (file: string, test: string, name: string): Table =>
  syntaxTable(file, test, (row) => {
    const query = textOf(field(row, name))
    return query === undefined ? [] : [{ query, valid: isBuilt(query) }]
  })

const withError = (test: string): Table =>
  syntaxTable('syntax/parser_test.go', test, (row) => {
    const query = textOf(field(row, 'in'))
    return query === undefined ? [] : [{ query, valid: isNil(field(row, 'err')) && isBuilt(query) }]
  })

const matchersOnly = syntaxTable('syntax/parser_test.go', 'TestParseMatchers', (row) => {
  const query = textOf(field(row, 'input'))!
  // Only the route for series refuses a filter of lines.
  return query.includes('|=') ? [] : [{ query, valid: !truthOf(field(row, 'wantErr')) }]
})

const seriesMatchers = syntaxTable('matchers_test.go', 'Test_match', (row) =>
  truthOf(field(row, 'wantErr'))
    ? listOf(field(row, 'input')).map((goExpression) => ({ query: textOf(goExpression)!, valid: false }))
    : listOf(field(row, 'input')).map((goExpression) => ({ query: textOf(goExpression)!, valid: true })),
)

/** The matchers of a selector, and the lines that its filters keep. */
const selectors: Table = {
  file: 'syntax/ast_test.go',
  test: 'Test_FilterMatcher',
  cases: (source) =>
    rowsOf(source, 'Test_FilterMatcher').flatMap((row, index): Case[] => {
      const query = textOf(field(row, 'q'))!
      const wanted = listOf(field(row, 'expectedMatchers')).map((goExpression) => matcherText(goExpression))
      const lines = listOf(field(row, 'lines')).map((goExpression) => {
        const [line, kept] = listOf(goExpression)
        return { line: textOf(line!)!, kept: truthOf(kept!) }
      })
      const verdict = () => {
        const { matchers, stages } = parseLogs(query)
        const results = matchers.map(({ name, operator, value }) => `${name}${operator}${quoted(value)}`)
        const stream = LabelSet.of({ bar: 'foo' })
        const kept = lines.map(
          ({ line }) => processed({ time: 1n, line, stream, metadata: {} }, stages, 1n) !== undefined,
        )
        return compared(
          query,
          JSON.stringify([wanted, lines.map((line) => line.kept)]),
          JSON.stringify([results, kept]),
        )
      }
      return [{ is: 'other', name: `${index + 1}: ${query}`, verdict }]
    }),
}

/** An expression that the stage refuses. */
const faultyExpressions = (test: string, stage: string): Table =>
  syntaxTable('log/parser_test.go', test, (row) => {
    const [label, expression] = listOf(field(row, 'expression')).map((goExpression) => textOf(goExpression)!)
    return [{ query: `{a="b"} | ${stage} ${label}=${quoted(expression!)}`, valid: false }]
  })
const regexps = syntaxTable('log/parser_test.go', 'TestNewRegexpParser', (row) => [
  { query: `{a="b"} | regexp ${quoted(textOf(field(row, 're'))!)}`, valid: !truthOf(field(row, 'wantErr')) },
])

/** Paths of the stage json, and keys of logfmt. */
const expressions = (file: string, stage: string): Table =>
  syntaxTable(file, stage === 'json' ? 'TestJSONExpressionParser' : 'TestLogfmtExpressionParser', (row) => {
    const text = textOf(field(row, 'expression'))
    if (text === undefined || text === '') return []
    return [{ query: `{a="b"} | ${stage} x=${quoted(text)}`, valid: isNil(field(row, 'error')) }]
  })

const labelFormats = syntaxTable('log/fmt_test.go', 'Test_validate', (row) => {
  const formats = listOf(field(row, 'fmts')).map((goExpression) => listOf(goExpression).map(textOf).join('='))
  return [{ query: `{a="b"} | label_format ${formats.join(',')}`, valid: !truthOf(field(row, 'wantErr')) }]
})

/** Names of labels that json makes of keys. */
const keys = tableOf('log/util_test.go', 'Test_sanitizeLabelKey', (row) => {
  const [key, name] = [textOf(field(row, 'key'))!, textOf(field(row, 'want'))!]
  const labels = name === '' ? {} : { [name]: 'x' }
  return [{ stages: '| json', line: JSON.stringify({ [key]: 'x' }), labels: {}, want: { labels } }]
})

const durations: Table = {
  file: 'syntax/lex_test.go',
  test: 'Test_parseDuration',
  cases: (source) =>
    rowsOf(source, 'Test_parseDuration').flatMap((row, index): Case[] => {
      const [text, wanted] = [textOf(field(row, 'input'))!, numberOf(field(row, 'expected'))]
      if (wanted === undefined || wanted < 0) return []
      const verdict = () => {
        const node = parseLogql(`{a="b"} | x > ${text}`)
        const [stage] = node.is === 'logs' ? node.stages : []
        const found = stage?.is === 'filter' && stage.filter.is === 'compare' ? stage.filter.value : undefined
        return compared(text, String(wanted / 1e9), String(found))
      }
      return [{ is: 'other', name: `${index + 1}: ${text}`, verdict }]
    }),
}

const parsers = syntaxTable('syntax/ast_test.go', 'Test_parserExpr_Parser', (row) => {
  const op = nameOf(field(row, 'op')).replace('OpParserType', '').toLowerCase()
  const param = textOf(field(row, 'param'))!
  const isFaulty = truthOf(field(row, 'wantErr'))
  if (op === '') return []
  return [{ query: `{a="b"} | ${op} ${param === '' ? '' : quoted(param)}`, valid: !isFaulty }]
})

export const syntaxTables: readonly Table[] = [
  withError('ParseTestCases'),
  matchersOnly,
  withError('TestParseSampleExpr_equalityMatcher'),
  withError('TestParseLogSelectorExpr_equalityMatcher'),
  column('syntax/ast_test.go', 'Test_logSelectorExpr_String', 'selector'),
  texts('syntax/ast_test.go', 'Test_SampleExpr_String'),
  texts('syntax/ast_test.go', 'Test_SampleExpr_String_Fail', 'invalid'),
  texts('syntax/ast_test.go', 'Test_SampleExpr_Sort_Fail', 'invalid'),
  selectors,
  column('syntax/ast_test.go', 'TestStringer', 'in'),
  parsers,
  texts('syntax/extractor_test.go', 'Test_Extractor'),
  column('syntax/prettier_test.go', 'TestFormat', 'in'),
  column('syntax/prettier_test.go', 'TestFormat_VectorAggregation', 'in'),
  column('syntax/prettier_test.go', 'TestFormat_LabelReplace', 'in'),
  column('syntax/prettier_test.go', 'TestFormat_BinOp', 'in'),
  column('downstream_test.go', 'TestMappingEquivalence', 'query'),
  column('downstream_test.go', 'TestRangeMappingEquivalence', 'query'),
  seriesMatchers,
  faultyExpressions('TestJSONExpressionParserFailures', 'json'),
  faultyExpressions('TestXExpressionParserFailures', 'logfmt'),
  regexps,
  expressions('log/jsonexpr/jsonexpr_test.go', 'json'),
  expressions('log/logfmt/logfmtexpr_test.go', 'logfmt'),
  labelFormats,
  keys,
  durations,
]
