import { expect, test } from 'vitest'
import { manifestOf, runOf, runsInUse } from './map-runs.ts'

const folder = 'a/20261001-20261031'
const inUse = (
  files: Readonly<Record<string, number>>,
  manifests: Readonly<Record<string, object>> = {},
): string | undefined =>
  runsInUse(
    Object.entries(files).map(([name, modified]) => ({ name: `${folder}/${name}`, modified })),
    Object.entries(manifests).map(([name, content]) => manifestOf(`${folder}/${name}`, JSON.stringify(content))!),
  ).get(folder)

test('the newest run is in use, by its manifest or its files', () => {
  expect(inUse({ 'b/p.csv': 1, 'a/p.csv': 2 })).toBe('a')
  expect(inUse({ 'b/p.csv': 2, 'a/p.csv': 2 })).toBe('b')
  const submitted = (day: string): object => ({ runInfo: { submittedTime: `2026-10-${day}T00:00:00Z` } })
  const manifests = { 'b/manifest.json': submitted('05'), 'a/manifest.json': submitted('04') }
  expect(inUse({ 'b/p.csv': 1, 'a/p.csv': 2 }, manifests)).toBe('b')
})

test('a file outside the folder of a period belongs to no run', () => {
  expect(['a.csv', '2026/a.csv', `${folder}/a.csv`, '20261001/run/a.csv'].map(runOf)).toEqual(Array(4).fill(undefined))
  expect(manifestOf('manifest.json', 'no JSON')).toBeUndefined()
})
