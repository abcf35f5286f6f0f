import {
  QueryError,
  refuse,
  type Expression,
  type FieldValue,
  type Literal,
  type QueryProblem,
  type Subject,
  type Test,
} from './ast.ts'
import { always, group, never, type Bound, type DoubleInterval, type Leaf, type Match, type Order } from './bound.ts'
import { beyond, bindMember, exceeding, textsOf } from './bind-member.ts'
import { jsonText } from './endpoints.ts'
import { merged, type Interval } from './intervals.ts'
import {
  addressesOf,
  instant,
  integersOf,
  macOf,
  numberOf,
  spanOf,
  refuseNumber,
  show,
  timesOf,
  truthOf,
} from './literals.ts'
import type { End, NameTable, QueryField, QueryKind } from './names.ts'
import { rangeEnds, toDouble, type Decimal } from './quantities.ts'
import { regexProblem } from './regex.ts'
import { firstTime, lastTime } from './times.ts'

const bits = (count: bigint): Interval => ({ low: 0n, high: (1n << count) - 1n })

const integerKinds: Partial<Record<QueryKind, Interval>> = {
  u8: bits(8n),
  u16: bits(16n),
  u32: bits(32n),
  u64: bits(64n),
  i32: { low: -(1n << 31n), high: (1n << 31n) - 1n },
  estimate: bits(96n),
  time: { low: firstTime, high: lastTime },
  ip: bits(128n),
  mac: bits(48n),
  bool: bits(1n),
  'list<u8>': bits(8n),
}

const ordered = new Set<QueryKind>([
  'u8',
  'u16',
  'u32',
  'u64',
  'i32',
  'estimate',
  'time',
  'list<u8>',
  'f64',
  'dict',
  'text',
  'list<dict>',
])
const texts = new Set<QueryKind>(['dict', 'text', 'list<dict>'])

/** Throws QueryError with all values that do not fit their fields. */
export function bind(expression: Expression, names: NameTable): Bound {
  const problems: QueryProblem[] = []
  const bound = bindPart(expression, { names, end: undefined, isNegated: false, problems })
  if (problems.length > 0) throw new QueryError(problems)
  return bound
}

type Around = Readonly<{
  names: NameTable
  end: End | undefined
  /** Below an odd number of `not`. */
  isNegated: boolean
  problems: QueryProblem[]
}>

function bindPart(part: Expression, around: Around): Bound {
  const { isNegated } = around
  switch (part.is) {
    case 'and':
    case 'or':
      return group(
        (part.is === 'and') === isNegated ? 'or' : 'and',
        part.parts.map((expression) => bindPart(expression, around)),
      )
    case 'not':
      return bindPart(part.part, { ...around, isNegated: !isNegated })
    case 'either':
      return group(
        isNegated ? 'and' : 'or',
        (['src', 'dst'] as const).map((end) => bindPart(part.part, { ...around, end })),
      )
    case 'exists':
      return onFields(part.subject, around, () => ({ is: 'exists' }))
    case 'test': {
      const opposite = part.operator === '!=' || part.operator === '!~'
      return onFields(part.subject, { ...around, isNegated: isNegated !== opposite }, (field) =>
        matchOf(part, comparable(field, around.names, part.subject), around.names),
      )
    }
  }
}

function onFields(subject: Subject, around: Around, match: (field: QueryField) => Match | 'never'): Bound {
  const { name, end, at } = subject
  const { isNegated } = around
  const fields =
    end === undefined
      ? (around.names.together(name) ?? [around.names.field(name)])
      : (end === 'any' ? (['src', 'dst'] as const) : around.end === undefined ? [] : [around.end]).map((one) =>
          around.names.ofEnd(one, name),
        )
  const leaves = fields.map((field) => {
    try {
      if (field === undefined) refuse(`There is no field ${name}.`, spanOf(at === undefined ? {} : { at }))
      const leafMatch = match(field)
      if (leafMatch === 'never') return isNegated ? always : never
      const of = leafMatch.is === 'exists' ? field : comparable(field, around.names, subject)
      return { is: 'leaf', field: of, negated: isNegated, match: leafMatch } satisfies Leaf
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      for (const problem of error.problems) {
        if (!around.problems.some(({ from, to }) => from === problem.from && to === problem.to))
          around.problems.push(problem)
      }
      return never
    }
  })
  return leaves.length === 0 ? never : group(isNegated ? 'and' : 'or', leaves)
}

/** JSON of flows is short, such as network events: it is compared as its text, as is a part of `text`. */
function comparable(field: QueryField, { view }: NameTable, subject?: Subject) {
  return field.kind === 'json' && (view === 'flows' || subject?.name === 'text') ? jsonText(field) : field
}

function matchOf({ operator, values, subject }: Test, field: QueryField, names: NameTable): Match | 'never' {
  const at = spanOf(subject)
  const plain = operator === '!=' ? '=' : operator === '!~' ? '~' : operator
  if (field.kind === 'json')
    refuse(
      `${field.name} is JSON: a filter can only test whether it exists.`,
      at,
      `Write exists(${field.name}), or use SQL.`,
    )
  if (plain === '~' && !texts.has(field.kind))
    refuse(
      `${field.name} is not text: ~ does not apply.`,
      at,
      field.kind === 'ip' ? `Write ${field.name} = 10.0.0.0/8.` : undefined,
    )
  if (plain !== '=' && plain !== '~' && !ordered.has(field.kind)) {
    refuse(
      `${operator} does not apply to ${field.name}.`,
      at,
      field.kind === 'ip' ? `For a range write ${field.name} = 10.0.0.1-10.0.0.9.` : undefined,
    )
  }
  const literals: Literal[] = []
  for (const value of values) {
    if (value.is === 'literal') literals.push(value)
    else if (values.length > 1)
      refuse(
        'A list can only contain values.',
        spanOf(value),
        `Write ${field.name} = ${value.name} as a separate test, or "${value.name}" for the text.`,
      )
    else if (plain === '~')
      refuse('An expression is a text, not a field.', spanOf(value), `Write "${value.name}" for the text.`)
    else return withField(plain, field, names.field(value.name), value)
  }
  if (plain === '~') return { is: 'found', patterns: literals.map(patternOf) }
  if (field.member !== undefined) return bindMember(plain, literals)
  return plain === '=' ? equals(field, literals) : ranked(field, plain, literals[0]!)
}

function withField(operator: '=' | Order, field: QueryField, other: QueryField | undefined, value: FieldValue): Match {
  const family = ({ kind }: QueryField): string =>
    kind === 'dict' || kind === 'text' ? 'text' : /^(?:u|i|estimate)/.test(kind) ? 'integer' : kind
  if (other === undefined || family(field) !== family(other) || /^(?:list|json)/.test(field.kind)) {
    refuse(`${field.name} and ${value.name} cannot be compared.`, spanOf(value), `For the text write "${value.name}".`)
  }
  return { is: 'field', operator, other }
}

function patternOf(literal: Literal): string {
  const problem = regexProblem(literal.text)
  if (problem !== undefined)
    refuse(
      `Invalid expression ${show(literal.text)}. ${problem}`,
      spanOf(literal),
      'Expressions are RE2; `weir help filters` lists the supported syntax.',
    )
  return literal.text
}

function equals(field: QueryField, literals: readonly Literal[]): Match | 'never' {
  if (field.kind === 'f64') return { is: 'doubles', intervals: literals.map((literal) => doublesOf(field, literal)) }
  const domain = integerKinds[field.kind]
  if (domain === undefined) {
    return textsOf(literals)
  }
  return integers(
    literals.flatMap((literal) => intervalsOf(field, literal)),
    domain,
  )
}

function intervalsOf(field: QueryField, literal: Literal): Interval[] {
  switch (field.kind) {
    case 'time':
      return timesOf(literal)
    case 'ip':
      return addressesOf(literal)
    case 'mac':
      return macOf(literal)
    case 'bool':
      return truthOf(literal)
    default:
      return integersOf(field, literal)
  }
}

function integers(given: readonly Interval[], { low, high }: Interval): Match | 'never' {
  const intervals = merged(given, low, high)
  if (intervals.length === 0) return 'never'
  const [first] = intervals
  // Every value. An empty list is absent.
  if (intervals.length === 1 && first?.low === low && first.high === high) return { is: 'exists' }
  return { is: 'integers', intervals }
}

function ranked(field: QueryField, operator: Order, literal: Literal): Match | 'never' {
  if (field.kind === 'f64') {
    const value = toDouble(need(numberOf(field, literal.text, spanOf(literal)), field, literal))
    return { is: 'doubles', intervals: [beyond(operator, value)] }
  }
  const domain = integerKinds[field.kind]
  if (domain === undefined) return { is: 'order', operator, text: literal.text }
  const interval =
    field.kind === 'time'
      ? exceeding(operator, wholeTime(literal), domain)
      : exceeding(operator, need(numberOf(field, literal.text, spanOf(literal)), field, literal), domain)
  return integers([interval], domain)
}

function wholeTime(literal: Literal): Decimal {
  const digits = instant(literal.text, spanOf(literal))
  if (digits === undefined)
    refuse(
      `${show(literal.text)} is not a time.`,
      spanOf(literal),
      'Write 2026-11-20T10:00:00Z, or Unix milliseconds; times are UTC.',
    )
  return { digits, scale: 0 }
}

function need(value: Decimal | undefined, field: QueryField, literal: Literal) {
  return value ?? refuseNumber(field, literal)
}

function doublesOf(field: QueryField, literal: Literal): DoubleInterval {
  const at = spanOf(literal)
  const single = numberOf(field, literal.text, at)
  const [from, to] = single === undefined ? (rangeEnds(literal.text) ?? []) : []
  const low = single ?? (from === undefined ? undefined : numberOf(field, from, at))
  const high = single ?? (to === undefined ? undefined : numberOf(field, to, at))
  if (low === undefined || high === undefined) return refuseNumber(field, literal)
  const interval = { low: toDouble(low), high: toDouble(high), lowOpen: false, highOpen: false }
  if (interval.low > interval.high) refuse(`The range ${literal.text} begins above its end.`, at)
  return interval
}
