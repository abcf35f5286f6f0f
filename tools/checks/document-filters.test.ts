import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { documentFilters, filtersIn } from './document-filters.ts'
import { ROOT } from '../kit/command.ts'

test('every filter of the documents parses for the rows that it selects', async () => {
  expect(await documentFilters(ROOT)).toEqual([])
})

test('filters of the documents are found', async () => {
  const found = filtersIn(
    [
      `weir tap netflow --filter "dst.port = 443" --limit 10`,
      `weir problems --filter 'severity = CRITICAL' -o json`,
      `curl -G http://a/api/v1/changes -d limit=1 --data-urlencode 'filter=kind = Pod'`,
      `{"q": {"stream": "audit", "filter": "actor = \\"a\\""}}`,
      `{"kind": "top", "filter": "src.ns = $ns"}`,
    ].join('\n'),
  )
  expect(found.map(({ line, text, kinds }) => [line, text, kinds.length === 1 ? kinds[0] : kinds.length])).toEqual([
    [1, 'dst.port = 443', 4],
    [2, 'severity = CRITICAL', 'problems'],
    [3, 'kind = Pod', 'changes'],
    [4, 'actor = "a"', 'audit'],
    [5, 'src.ns = $ns', 'flows'],
  ])
})

test('a filter with a field of other rows, an unknown field or a wrong value is reported with its line', async () => {
  const root = await mkdtemp(join(tmpdir(), 'weir-filters-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'docs'))
  await writeFile(
    join(root, 'docs/page.md'),
    [
      '{ "kind": "topology", "filter": "ns = $ns" }',
      `weir changes --filter 'bytes > 1M'`,
      `weir flows --filter "dst_port in $ports and src.ns = $ns"`,
      `weir tap a --filter "nosuch = 1"`,
      `curl -G /api/v1/audit --data-urlencode 'filter=actor ='`,
    ].join('\n'),
  )
  const found = await documentFilters(root)
  expect(found.map(({ line }) => line)).toEqual([1, 2, 4, 5])
  expect(found[0]?.message).toMatch(/^`ns = \$ns`: There is no field ns\..*src\.namespace/)
})
