import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../cli/testing/command.ts'
import { realHost } from '../host/index.ts'
import { runUnitTests } from './load-unit-tests.ts'

const base = `transforms:
  web: {type: filter, from: [netflow], where: "dst_port in (80, 443) and bytes >= 10"}
  tag:
    type: map
    from: [web]
    rename: {in_if_name: out_if_name}
    drop: [src_mac]
    set: {scope: 'flow.dst_port == 443 ? "tls" : "plain"', bytes: flow.bytes * 2, hop: flow.src_addr}
  orders:
    {type: map, from: [http], set: {data.total: event.data.price * event.data.count, subject: event.data.user},
     drop: [data.card]}
  split: {type: route, from: [netflow], routes: {dns: dst_port = 53, web: dst_port = 443}, else: rest}
  sums:
    {type: aggregate, from: [netflow], window: 1m, by: [dst_port],
     values: {bytes: sum(bytes), low: min(bytes), n: count()}}
  some: {type: sample, from: [netflow], one_in: 2, by: [src_addr]}
  slow: {type: throttle, from: [http], rows: 2, interval: 10s, by: [type]}
  once: {type: dedupe, from: [http], by: [source, id], window: 1m}
sinks:
  stdout: {from: [split.dns, web], only: {filter: "bytes > 100 and src.ns = shop"}}
  file: {path: /tmp/weir-rows.ndjson, from: [http], only: {family: [audit], filter: severity = incident}}
tests:
  - name: web passes
    transform: web
    input:
      - flow: {dst_port: 443, bytes: 10}
      - flow: {dst_port: 80, bytes: 9}
      - flow: {DstPort: 80, Bytes: 11}
      - flow: {dst_port: 22, bytes: 99}
    outcomes: [pass, filtered, pass, filtered]
    expect: [{flow: {dst_port: 443}}, {flow: {dst_port: 80, bytes: 11}}]
  - name: tags
    transform: tag
    input:
      - flow: {dst_port: 443, bytes: 5, src_addr: 10.0.0.1, src_mac: "00:00:00:00:00:01", in_if_name: eth0}
      - flow: {dst_port: 80, bytes: 5}
    outcomes: [pass, rejected]
    expect:
      - flow: {scope: tls, bytes: 10, src_mac: null, in_if_name: null, out_if_name: eth0, extra: {hop: 10.0.0.1}}
  - name: orders
    transform: orders
    input: [{event: {type: order, data: {price: 3, count: 2, user: eve, card: 4}}}]
    expect: [{event: {subject: eve, data: {total: 6, price: 3, card: null}}}]
  - name: routes
    transform: split
    input: [{flow: {dst_port: 53}}, {flow: {dst_port: 443}}, {flow: {dst_port: 1}}]
    expect: [{flow: {dst_port: 53}, to: dns}, {flow: {dst_port: 443}, to: web}, {flow: {dst_port: 1}, to: rest}]
  - name: sums
    transform: sums
    input:
      - {flow: {dst_port: 53, bytes: 5}, received: 2026-01-01T00:00:10Z}
      - {flow: {dst_port: 53, bytes: 7}, received: 2026-01-01T00:00:50Z}
      - {flow: {dst_port: 53, bytes: 1}, received: 2026-01-01T00:01:10Z}
    outcomes: [aggregated, aggregated, aggregated]
    expect:
      - flow: {dst_port: 53, bytes: 12, time_start: 2026-01-01T00:00:00Z, extra: {low: 5, n: 2}}
      - flow: {bytes: 1}
  - name: samples
    transform: some
    input:
      - flow: {src_addr: 10.0.0.1}
      - flow: {src_addr: 10.0.0.2}
      - flow: {src_addr: 10.0.0.3}
      - flow: {src_addr: 10.0.0.4}
    outcomes: [OUTCOMES]
  - name: throttles
    transform: slow
    input:
      - {event: {type: a}, received: 2026-01-01T00:00:00Z}
      - {event: {type: a}, received: 2026-01-01T00:00:04Z}
      - {event: {type: a}, received: 2026-01-01T00:00:09Z}
      - {event: {type: b}, received: 2026-01-01T00:00:09Z}
      - {event: {type: a}, received: 2026-01-01T00:00:10Z}
    outcomes: [pass, pass, throttled, pass, pass]
  - name: dedupes
    transform: once
    input:
      - {event: {id: "1"}, received: 2026-01-01T00:00:00Z}
      - {event: {id: "1"}, received: 2026-01-01T00:00:59Z}
      - {event: {id: "2"}, received: 2026-01-01T00:01:30Z}
      - {event: {id: "1"}, received: 2026-01-01T00:02:00Z}
    outcomes: [pass, duplicate, pass, pass]
  - name: sink filter
    sink: stdout
    input: [{flow: {bytes: 101, SrcK8S_Namespace: shop}}, {flow: {bytes: 100, src.ns: shop}}, {flow: {bytes: 500}}]
    outcomes: [pass, filter, filter]
  - name: audit
    sink: file
    input:
      - event: {family: audit, data: {audit: {actor: {kind: user}, action: delete, severity: incident}}}
      - event: {family: audit, data: {audit: {actor: {kind: user}, action: get, severity: normal}}}
      - event: {type: order}
    outcomes: [pass, filter, only]
`
  // Which addresses are sampled follows from their hashes.
  .replace('OUTCOMES', 'pass, pass, pass, sampled')

/** The failures of the tests, or the problems that prevent them. */
async function found(yaml: string, more?: string): Promise<string> {
  const folder = await temporaryFolder()
  const files = [join(folder, 'weir.yaml'), ...(more === undefined ? [] : [join(folder, 'more.test.yaml')])]
  await writeFile(join(folder, 'weir.yaml'), yaml)
  if (more !== undefined) await writeFile(join(folder, 'more.test.yaml'), more)
  try {
    const { tests } = await runUnitTests(realHost(), files)
    return tests.flatMap(({ name, failures }) => failures.map((failure) => `${name}: ${failure}`)).join('\n')
  } catch (error) {
    return (error as Error).message
  }
}

/** A change of the configuration or of a test, and the line expected in the report. */
const mistakes: readonly (readonly [planted: string, before: string, after: string, report: RegExp])[] = [
  ['a wrong port', '(80, 443)', '(80, 444)', /web passes: input row 1: expected outcome pass, got filtered/],
  ['a wrong comparison', 'bytes >= 10', 'bytes > 10', /web passes: input row 1/],
  ['or instead of and', 'and bytes >= 10', 'or bytes >= 10', /web passes: input row 2/],
  [
    'a misspelt field in a filter',
    'dst_port in (80',
    'dst_prot in (80',
    /2:48: .*There is no field dst_prot.*dst_port/s,
  ],
  ['an open parenthesis', '(80, 443) and', '(80, 443 and', /weir\.yaml:2:/],
  ['a filter of another kind', 'filter: severity = incident', 'filter: severty = incident', /severty/],
  ['a wrong namespace', 'src.ns = shop', 'src.ns = bank', /sink filter: input row 1/],
  ['a wrong limit of a sink', 'bytes > 100 and', 'bytes > 101 and', /sink filter: input row 1/],
  ['a wrong family', 'family: [audit], filter', 'family: [change], filter', /severity/],
  [
    'an unknown source',
    'from: [split.dns, web]',
    'from: [split.dsn, web]',
    /there is no source `split\.dsn`.*split\.dns/s,
  ],
  [
    'a transform that feeds itself',
    'tag:\n    type: map\n    from: [web]',
    'tag:\n    type: map\n    from: [tag]',
    /derived from `tag`/,
  ],
  ['swapped texts', '"tls" : "plain"', '"plain" : "tls"', /tags: {3}- scope: "tls"/],
  [
    'an expression with a misspelt field',
    'bytes: flow.bytes * 2',
    'bytes: flow.byts * 2',
    /flows have no field `byts`.*bytes/s,
  ],
  ['an expression that does not parse', 'flow.bytes * 2', 'flow.bytes * *', /transforms\.tag\.set\.bytes/],
  [
    'an expression of other types',
    'flow.bytes * 2',
    'flow.bytes + "2"',
    /transforms\.tag\.set\.bytes: no such overload: int \+ string/,
  ],
  [
    'an unlimited regular expression',
    'hop: flow.src_addr',
    'hop: flow.src_addr.matches("a")',
    /`matches` is not available/,
  ],
  ['a wrong factor', 'flow.bytes * 2', 'flow.bytes * 3', /tags: {3}\+ bytes: 15/],
  ['a field that is not dropped', 'drop: [src_mac]', 'drop: [dst_mac]', /tags: {3}- src_mac: absent/],
  ['a misspelt field to drop', 'drop: [src_mac]', 'drop: [src_mak]', /there is no field `src_mak`/],
  ['a rename to another kind', 'in_if_name: out_if_name', 'in_if_name: dst_port', /of kind dict.*of kind u16/s],
  ['a path that does not exist', 'event.data.count,', 'event.data.amount,', /orders: row 1 is missing/],
  ['a secret that is not dropped', 'drop: [data.card]', 'drop: [data.cart]', /orders: {3}- data\.card: absent/],
  [
    'routes in the wrong order',
    '{dns: dst_port = 53, web: dst_port = 443}',
    '{dns: dst_port > 0, web: dst_port = 443}',
    /routes: row 1 of output web is missing/,
  ],
  ['a missing else', ', else: rest', '', /there is no output `rest`/],
  ['a wrong window', 'window: 1m, by: [dst_port]', 'window: 2m, by: [dst_port]', /sums: row 2 is missing/],
  ['a wrong function', 'low: min(bytes)', 'low: max(bytes)', /sums: {3}\+ extra\.low: 7/],
  ['an unknown function', 'sum(bytes)', 'total(bytes)', /expected a function of a field, got `total\(bytes\)`/],
  ['a wrong key of a sample', 'one_in: 2, by: [src_addr]', 'one_in: 1, by: [src_addr]', /samples: input row 4/],
  ['a wrong limit', 'rows: 2, interval', 'rows: 3, interval', /throttles: input row 3/],
  ['a wrong interval', 'interval: 10s', 'interval: 5s', /throttles: input row 3/],
  ['a wrong key of duplicates', 'by: [source, id]', 'by: [source, type]', /dedupes: input row 3/],
  [
    'a short window of duplicates',
    'by: [source, id], window: 1m',
    'by: [source, id], window: 30s',
    /dedupes: input row 2/,
  ],
  ['a test of an unknown transform', 'transform: once', 'transform: onec', /there is no transform `onec`.*once/s],
  ['a test without a name', '- name: audit\n    sink', '- sink', /tests\[9\]\.name: required field is missing/],
  ['a test that expects nothing', '    outcomes: [pass, duplicate, pass, pass]\n', '', /the test expects nothing/],
  ['too few outcomes', '[pass, duplicate, pass, pass]', '[pass, duplicate, pass]', /4 input rows and 3 outcomes/],
  [
    'an unknown field of an input row',
    '{dst_port: 22, bytes: 99}',
    '{dst_prt: 22, bytes: 99}',
    /flows have no field `dst_prt`.*dst_port/s,
  ],
  ['an unknown field of an expected row', 'flow: {scope: tls', 'flow: {scop: tls', /flows have no field `scop`/],
  [
    'a value that does not fit',
    'flow: {dst_port: 22, bytes',
    'flow: {dst_port: 70000, bytes',
    /does not fit field `dst_port`/,
  ],
  ['an unknown attribute', 'event: {type: order}', 'event: {typ: order}', /no attribute `typ`.*type/s],
  [
    'a row of two kinds',
    '{flow: {dst_port: 1}, to: rest}',
    '{flow: {dst_port: 1}, event: {type: a}, to: rest}',
    /either a `flow` or an `event`/,
  ],
  ['two tests of one name', 'name: audit', 'name: sums', /another test has the name `sums`/],
  ['a missing expected row', '\n      - flow: {bytes: 1}', '', /sums: row 2 is not expected/],
]

describe('weir test', () => {
  it('passes the tests of a right configuration', async () => {
    expect(await found(base)).toBe('')
  })

  it.each(mistakes)('finds %s', async (_, before, after, report) => {
    expect(base).toContain(before)
    expect(await found(base.replace(before, after))).toMatch(report)
  })

  it('lists at least thirty different planted mistakes', () => {
    expect(new Set(mistakes.map(([planted]) => planted)).size).toBeGreaterThanOrEqual(30)
  })

  it('reads further tests from separate files, and requires a test', async () => {
    const more = 'tests: [{name: more, transform: web, input: [{flow: {dst_port: 1}}], expect: []}]'
    expect(await found(base, more)).toBe('')
    expect(await found(base, more.replace('dst_port: 1', 'dst_port: 443, bytes: 10'))).toMatch(
      /more: row 1 is not expected/,
    )
    expect(await found(base, more.replace('name', 'nam'))).toMatch(
      /more\.test\.yaml:1:9: error: tests\[0\]\.name: required field is missing/,
    )
    expect(await found('sinks: {stdout: {}}')).toMatch(/there are no tests/)
  })
})
