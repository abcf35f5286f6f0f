/** Tables of stages that change labels or lines. */
import type { Case } from './cases.ts'
import type { GoExpression } from './go-expressions.ts'
import { field, rowsOf, variableOf, type GoRow } from './go-tables.ts'
import { isNil, labelsOf, listOf, nameOf, numberOf, resolved, textOf, truthOf } from './go-values.ts'
import { labelFilterText, quoted, selection } from './stage-texts.ts'

/** `read` yields nothing for rows that test the optimizer. */
export type Table = Readonly<{ file: string; test: string; cases: (source: string, test: string) => Case[] }>

const isPlain = (hints: GoExpression): boolean => isNil(hints) || nameOf(hints) === 'NoParserHints'

export function tableOf(
  file: string,
  test: string,
  read: (row: GoRow, source: string) => readonly Omit<Case & { is: 'line' }, 'is' | 'name'>[],
): Table {
  return {
    file,
    test,
    cases: (source) =>
      rowsOf(source, test).flatMap((row, index) =>
        read(row, source).map((each, at) => ({
          is: 'line',
          name: `${index + 1}.${at + 1}: ${textOf(field(row, 'name')) ?? ''}`,
          ...each,
        })),
      ),
  }
}

/** A stage with given labels, line and metadata. */
function parserTable(test: string, stageOf: (row: GoRow) => string | undefined, want = 'want'): Table {
  return tableOf('log/parser_test.go', test, (row, source) => {
    const variables = new Map([['testLine', variableOf(source, test, 'testLine')]])
    const [line, labels, wanted] = [
      textOf(resolved(field(row, 'line'), variables)),
      labelsOf(field(row, 'lbs')),
      labelsOf(field(row, want)),
    ]
    const stage = stageOf(row)
    if (line === undefined || labels === undefined || wanted === undefined || stage === undefined) return []
    if (!isPlain(field(row, 'hints'))) return []
    const metadata = labelsOf(field(row, 'structuredMetadata')) ?? {}
    const wantLine = textOf(field(row, 'wantLine'))
    return [
      {
        stages: `| ${stage}`,
        line,
        labels,
        metadata,
        want: { labels: { ...metadata, ...wanted }, ...member('line', wantLine) },
      },
    ]
  })
}

const member = (name: string, value: unknown) => (value === undefined ? {} : { [name]: value })

function extractions(row: GoRow): string {
  return listOf(field(row, 'expressions'))
    .map((goExpression) => listOf(goExpression).map((text) => textOf(text) ?? ''))
    .map(([label, expression]) => `${label}=${quoted(expression!)}`)
    .join(', ')
}

/** The stage of `mustStage(NewRegexpParser("…"))`. */
function regexpStage(row: GoRow): string | undefined {
  const text = textOf(listOf(listOf(field(row, 'parser'))[0]!)[0]!)
  return text === undefined ? undefined : `regexp ${quoted(text)}`
}

function strictTable(): Table {
  const table = parserTable('TestLogfmtParser_parse', () => 'logfmt --strict', 'wantStrict')
  // Where a case has no labels of its strict parser, those of the lenient parser apply.
  const lenientTable = parserTable('TestLogfmtParser_parse', () => 'logfmt --strict')
  return {
    ...table,
    test: 'TestLogfmtParser_parse',
    cases(source, test) {
      const isStrict = rowsOf(source, test).map((row) => {
        const strict = field(row, 'wantStrict')
        return !isNil(strict) && nameOf(strict) !== 'labels.EmptyLabels'
      })
      const isOfStrict = ({ name }: Case) => isStrict[Number.parseInt(name, 10) - 1]
      return [
        ...table.cases(source, test).filter((entry) => isOfStrict(entry) === true),
        ...lenientTable.cases(source, test).filter((entry) => isOfStrict(entry) === false),
      ]
    },
  }
}

const keepEmpty: Table = tableOf('log/parser_test.go', 'TestLogfmtParser_keepEmpty', (row) => {
  const [line, labels, wanted] = [textOf(field(row, 'line')), labelsOf(field(row, 'lbs')), labelsOf(field(row, 'want'))]
  const flag = truthOf(field(row, 'keepEmpty')) ? ' --keep-empty' : ''
  if (line === undefined || labels === undefined || wanted === undefined) return []
  return ['', ' --strict'].map((strict) => ({
    stages: `| logfmt${strict}${flag}`,
    line,
    labels,
    want: { labels: wanted },
  }))
})

const lineFormats: Table = tableOf('log/fmt_test.go', 'Test_lineFormatter_Format', (row) => {
  const template = textOf(listOf(field(row, 'fmter'))[0]!)
  const [labels, wanted, line] = [
    labelsOf(field(row, 'lbs')),
    labelsOf(field(row, 'wantLbs')),
    textOf(field(row, 'want')),
  ]
  if (template === undefined || labels === undefined || wanted === undefined) return []
  const time = BigInt(numberOf(field(row, 'ts')) ?? 0)
  return [
    {
      stages: `| line_format ${quoted(template)}`,
      line: textOf(field(row, 'in')) ?? '',
      labels,
      time,
      want: { labels: wanted, ...member('line', line) },
    },
  ]
})

function labelFormat(value: GoExpression): string | undefined {
  const [target, from] = listOf(value).map(textOf)
  if (target === undefined || from === undefined) return undefined
  return `${target}=${nameOf(value) === 'NewRenameLabelFmt' ? from : quoted(from)}`
}

const labelFormats: Table = tableOf('log/fmt_test.go', 'Test_labelsFormatter_Format', (row, source) => {
  const names = [
    'epochDay19503',
    'epochSeconds1679577215',
    'epochMilliseconds1257894000000',
    'epochMicroseconds1673798889902000',
    'epochNanoseconds1000000000000000000',
  ]
  const test = 'Test_labelsFormatter_Format'
  const variables = new Map(names.map((name) => [name, variableOf(source, test, name)]))
  const formats = listOf(listOf(field(row, 'fmter'))[0]!).map(labelFormat)
  const [labels, wanted] = [labelsOf(field(row, 'in')), labelsOf(resolved(field(row, 'want'), variables))]
  if (labels === undefined || wanted === undefined || formats.includes(undefined)) return []
  return [
    {
      stages: `| label_format ${formats.join(', ')}`,
      line: 'test line',
      labels,
      time: 1_661_518_453_244_672_570n,
      want: { labels: wanted },
    },
  ]
})

const decolorized: Table = tableOf('log/fmt_test.go', 'TestDecolorizer', (row) => [
  {
    stages: '| decolorize',
    line: textOf(field(row, 'src'))!,
    labels: {},
    want: { line: textOf(field(row, 'expected'))! },
  },
])

/** A function of templates with its parameters in order. */
function functionTable(test: string, name: string, parameters: readonly string[]): Table {
  return tableOf('log/fmt_test.go', test, (row) => {
    const argumentTexts = parameters.map((parameter) => numberOf(field(row, parameter)) ?? `(.s)`)
    return [
      {
        stages: `| line_format ${quoted(`{{ ${name} ${argumentTexts.join(' ')} }}`)}`,
        line: '',
        labels: { s: textOf(field(row, 's'))! },
        want: { line: textOf(field(row, 'want'))! },
      },
    ]
  })
}

/** A stage without names leaves all labels; no query has it. */
const selecting = (stage: 'drop' | 'keep', names: readonly (string | undefined)[]): string =>
  names.length === 0 ? '' : `| ${stage} ${names.join(', ')}`

/** Errors of the test are results of an earlier stage. */
function selectionTable(file: string, test: string, stage: 'drop' | 'keep', list: string): Table {
  return tableOf(file, test, (row) => {
    const [labels, wanted] = [labelsOf(field(row, 'lbs')), labelsOf(field(row, 'want'))]
    const error = textOf(field(row, 'err')) ?? ''
    const text = listOf(field(row, list)).map(selection)
    if (labels === undefined || wanted === undefined || text.includes(undefined)) return []
    const stages = selecting(stage, text)
    return [
      { stages, line: '', labels: error === '' ? labels : { ...labels, __error__: error }, want: { labels: wanted } },
    ]
  })
}

function pipelineStage(value: GoExpression): string | undefined {
  const [first, second] = listOf(value)
  switch (nameOf(value)) {
    case 'NewLogfmtParser':
      return `| logfmt${truthOf(first!) ? ' --strict' : ''}${truthOf(second!) ? ' --keep-empty' : ''}`
    case 'NewJSONParser':
      return '| json'
    case 'NewDropLabels':
    case 'NewKeepLabels': {
      const names = listOf(first!).map(selection)
      return selecting(nameOf(value) === 'NewDropLabels' ? 'drop' : 'keep', names)
    }
    default:
      return undefined
  }
}

function pipelineTable(test: string): Table {
  return tableOf('log/pipeline_test.go', test, (row) => {
    const stages = listOf(field(row, 'stages')).map(pipelineStage)
    const [lines, wanted] = [listOf(field(row, 'lines')).map(textOf), listOf(field(row, 'wantLabels')).map(labelsOf)]
    if (stages.includes(undefined)) return []
    return lines.map((line, at) => ({
      stages: stages.join(' '),
      line: line!,
      labels: {},
      want: { labels: wanted[at]! },
    }))
  })
}

function unwrapStage(value: GoExpression): string | undefined {
  const [name, conversion, , , , stages] = listOf(listOf(value)[0]!)
  const label = textOf(name!)
  const unit: Record<string, string> = { ConvertFloat: '', ConvertDuration: 'duration', ConvertBytes: 'bytes' }
  const before = listOf(stages!).map((goExpression) => pipelineStage(goExpression) ?? labelFilterText(goExpression))
  if (label === undefined || before.includes(undefined)) return undefined
  const unitName = unit[nameOf(conversion!)]
  return `${before.join(' ')} | unwrap ${unitName === '' ? label : `${unitName}(${label})`}`
}

/** Groups of labels belong to the aggregation, which these cases leave out. */
const unwraps: Table = tableOf('log/metrics_extraction_test.go', 'Test_labelSampleExtractor_Extract', (row) => {
  const [labels, metadata] = [labelsOf(field(row, 'in')), labelsOf(field(row, 'structuredMetadata'))]
  const stages = unwrapStage(field(row, 'ex'))
  if (labels === undefined || metadata === undefined || stages === undefined) return []
  const isKept = truthOf(field(row, 'wantOk'))
  const line = textOf(field(row, 'line')) ?? ''
  return [
    {
      stages,
      line,
      labels,
      metadata,
      want: { kept: isKept, ...(isKept ? { value: numberOf(field(row, 'want')) ?? 0 } : {}) },
    },
  ]
})

export const stageTables: readonly Table[] = [
  parserTable('Test_jsonParser_Parse', () => 'json'),
  parserTable('TestJSONExpressionParser', (row) => `json ${extractions(row)}`),
  parserTable('Test_regexpParser_Parse', regexpStage),
  parserTable('TestLogfmtParser_parse', () => 'logfmt'),
  strictTable(),
  keepEmpty,
  parserTable('TestLogfmtExpressionParser', (row) => `logfmt ${extractions(row)}`),
  parserTable('Test_unpackParser_Parse', () => 'unpack', 'wantLbs'),
  parserTable('Test_PatternParser', (row) => `pattern ${quoted(textOf(field(row, 'pattern'))!)}`),
  lineFormats,
  labelFormats,
  decolorized,
  functionTable('Test_trunc', 'trunc', ['c', 's']),
  functionTable('Test_AlignLeft', 'alignLeft', ['c', 's']),
  functionTable('Test_AlignRight', 'alignRight', ['c', 's']),
  functionTable('Test_substring', 'substr', ['start', 'end', 's']),
  selectionTable('log/drop_labels_test.go', 'Test_DropLabels', 'drop', 'dropLabels'),
  selectionTable('log/keep_labels_test.go', 'Test_KeepLabels', 'keep', 'keepLabels'),
  pipelineTable('TestDropLabelsPipeline'),
  pipelineTable('TestKeepLabelsPipeline'),
  unwraps,
]
