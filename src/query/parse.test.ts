import { expect, test } from 'vitest'
import { QueryError, type QueryProblem } from './ast.ts'
import { readFilter, validate } from './index.ts'
import { eventNames, flowNames } from './names.ts'
import { compileSql } from './sql.ts'

const normal = (text: string): string => readFilter(text, flowNames).normal
const sql = (text: string): string => compileSql(readFilter(text, flowNames).bound)

function problem(text: string, names = flowNames): QueryProblem & { readonly marked: string } {
  const [first] = validate(text, names)
  if (first === undefined) throw new Error(`${text} is a valid filter`)
  return { ...first, marked: text.slice(first.from, first.to) }
}

test('every name of a field resolves to it: dotted, NetObserv’s, OpenTelemetry’s, short ones, in any case', () => {
  for (const name of [
    'src_namespace',
    'src.namespace',
    'src.ns',
    'SrcK8S_Namespace',
    'source.k8s.namespace.name',
    'SRC.NS',
  ])
    expect(normal(`${name}=shop`)).toBe('src_namespace = "shop"')
  expect(normal('src.host=n1 and dst.owner=web')).toBe('src_node = "n1" and dst_owner_name = "web"')
  expect(normal('any.ns=a')).toBe('any.namespace = "a"')
  expect(normal('any.owner=a')).toBe('any.owner_name = "a"')
})

test('the example of the console has its documented meaning', () => {
  const text = 'src.ns=shop AND (dst.port IN (5432,6379) OR dst.name~"^db") AND NOT proto=UDP AND bytes>=10k'
  expect(normal(text)).toBe(
    'src_namespace = "shop" and (dst_port in (5432, 6379) or dst_name ~ "^db") and not proto = UDP and bytes >= 10k',
  )
  expect(sql(text)).toBe(
    '("src_namespace" = \'shop\' AND ("dst_port" IN (5432, 6379) OR ("dst_name" >= \'db\' AND "dst_name" < \'dc\')) ' +
      'AND ("proto" = 17) IS NOT TRUE AND "bytes" >= 10000)',
  )
})

test('case 44: and binds tighter than or, not tightest', () => {
  expect(normal('vlan=1 or vlan=2 and vlan=3')).toBe('vlan = 1 or vlan = 2 and vlan = 3')
  expect(sql('vlan=1 or vlan=2 and vlan=3')).toBe('("vlan" = 1 OR ("vlan" = 2 AND "vlan" = 3))')
  expect(sql('not vlan=1 and vlan=3')).toBe('(("vlan" = 1) IS NOT TRUE AND "vlan" = 3)')
})

test('suffixes are converted to the unit of the field, exactly', () => {
  expect(sql('bytes = 10k')).toBe('"bytes" = 10000')
  expect(sql('bytes >= 5MiB')).toBe('"bytes" >= 5242880')
  expect(sql('bytes >= 1.5kB')).toBe('"bytes" >= 1500')
  expect(sql('rtt > 20ms')).toBe('"rtt" >= 20000001')
  expect(sql('dns_latency >= 1.5us')).toContain('>= 1.5e-3')
  expect(sql('bytes < 0.5')).toBe('"bytes" = 0')
  expect(sql('bytes = 0.5')).toBe('false')
  expect(sql('bytes != 0.5')).toBe('true')
  expect(sql('bytes >= 0')).toBe('"bytes" IS NOT NULL')
  expect(sql('bytes = 18446744073709551615')).toBe(`"bytes" = '18446744073709551615'::UBIGINT`)
  expect(sql('bytes = 18446744073709551616')).toBe('false')
})

test('ports, protocols and other numbers have names', () => {
  expect(sql('dst_port=https')).toBe('"dst_port" = 443')
  expect(sql('any.port in (dns, ssh)')).toBe('("src_port" IN (22, 53) OR "dst_port" IN (22, 53))')
  expect(sql('proto=TCP,17')).toBe('"proto" IN (6, 17)')
  expect(sql('src_as = AS64500')).toBe('"src_as" = 64500')
  expect(sql('dst_port = 8000-8999')).toBe('"dst_port" BETWEEN 8000 AND 8999')
  expect(sql('dst_port = http-alt')).toBe('"dst_port" = 8080')
})

test('any. applies to each test separately, either(…) to the same end', () => {
  expect(sql('any.ns = a and any.port = 443')).toBe(
    `(("src_namespace" = 'a' OR "dst_namespace" = 'a') AND ("src_port" = 443 OR "dst_port" = 443))`,
  )
  expect(sql('either(ns = a and port = 443)')).toBe(
    `(("src_namespace" = 'a' AND "src_port" = 443) OR ("dst_namespace" = 'a' AND "dst_port" = 443))`,
  )
})

test('a problem has a position and a suggestion', () => {
  expect(problem('src.ns = shop and dst_prot = 443')).toMatchObject({
    marked: 'dst_prot',
    hint: 'Did you mean dst_port?',
  })
  expect(problem('port = 443')).toMatchObject({ marked: 'port', hint: 'Write src.port, dst.port or any.port.' })
  expect(problem('dst_port = htps')).toMatchObject({ marked: 'htps', hint: 'Did you mean https?' })
  expect(problem('vlan = 1 && vlan = 2')).toMatchObject({ marked: '&&', hint: 'Write and.' })
  expect(problem('(vlan = 1')).toMatchObject({ from: 9, to: 9, message: 'Expected ) to close the parenthesis.' })
  expect(problem('vlan = ')).toMatchObject({ from: 7, message: 'The filter ends where a value is expected.' })
  expect(problem('src_name = "web')).toMatchObject({ marked: '"web' })
  expect(problem('src_addr ~ "^10"')).toMatchObject({ marked: 'src_addr', hint: 'Write src_addr = 10.0.0.0/8.' })
  expect(problem('src_addr = 10.0.0.300')).toMatchObject({ marked: '10.0.0.300' })
  expect(problem('bytes > 10m')).toMatchObject({ marked: '10m', hint: 'A million is written 10M.' })
  expect(problem('src_name ~ "(?=a)"')).toMatchObject({ marked: '"(?=a)"' })
  expect(problem('dst_port = 9000-8000')).toMatchObject({ marked: '9000-8000' })
  expect(problem('data = 1', eventNames)).toMatchObject({ marked: 'data', hint: 'Write exists(data), or use SQL.' })
  expect(problem('either(type = x)', eventNames)).toMatchObject({ marked: 'either' })
  expect(problem('dst_port = and')).toMatchObject({ marked: 'and' })
})

test('all values that do not fit are reported together', () => {
  expect(validate('vlan = x and proto = nonsense', flowNames).map(({ from, to }) => [from, to])).toEqual([
    [7, 8],
    [21, 29],
  ])
})

test('an unquoted field name is the field, a quoted one is a text', () => {
  expect(sql('src_port = dst_port')).toBe('"src_port" = "dst_port"')
  expect(sql('src_name = dst.name')).toBe('"src_name" = "dst_name"')
  expect(sql('src_name = "dst_name"')).toBe(`"src_name" = 'dst_name'`)
  expect(problem('src_port = src_name')).toMatchObject({ marked: 'src_name' })
})

test('quotes in a text can neither end the text nor the SQL', () => {
  expect(sql(`src_name = "it's"`)).toBe(`"src_name" = 'it''s'`)
  expect(sql(`src_name = 'x\\' OR 1=1 --'`)).toBe(`"src_name" = 'x'' OR 1=1 --'`)
  expect(normal(String.raw`src_name = "a\"b\\c\d"`)).toBe(String.raw`src_name = "a\"b\c\d"`)
})

test('an empty filter matches every row, and nesting is limited', () => {
  expect(sql('')).toBe('true')
  expect(sql(' \n ')).toBe('true')
  expect(problem('('.repeat(70)).message).toBe('The filter nests deeper than 64 levels.')
  expect(() => readFilter(`${'not '.repeat(10_000)}vlan = 1`, flowNames)).toThrow(QueryError)
  expect(() => readFilter('x'.repeat(70_000), flowNames)).toThrow(QueryError)
})
