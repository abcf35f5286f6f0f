// docs/explain/flow-cases.md lists the tests with the number of a case in their titles.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../kit/command.ts'
import { listFiles } from '../kit/sources.ts'

const page = 'docs/explain/flow-cases.md'
const folders = [
  ['src', /\.test\.ts$/],
  ['test', /\.test\.ts$/],
  ['bench/runs', /\.ts$/],
  ['test/attacks', /\.ts$/],
] as const

const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8')

test('each case of flows has tests, and the table names all of them', async () => {
  const written = new Map<number, string[]>()
  for (const [folder, name] of folders)
    for (const file of await listFiles(ROOT, folder, name))
      for (const [, number] of (await read(file)).matchAll(/['"`]case (\d+): /g))
        written.set(Number(number), [...new Set([...(written.get(Number(number)) ?? []), file])])
  const listed = new Map<number, string[]>()
  for (const [, number, tests = ''] of (await read(page)).matchAll(/^\| (\d+) \| [^|]+ \| (.+) \|$/gm))
    listed.set(
      Number(number),
      [...tests.matchAll(/\]\(\.\.\/\.\.\/([^)]+)\)/g)].map(([, file = '']) => file),
    )
  expect([...listed.keys()]).toEqual(Array.from({ length: 50 }, (_, at) => at + 1))
  for (const [number, files] of listed) expect(files, `case ${number}`).toEqual((written.get(number) ?? []).toSorted())
  expect([...written.keys()].filter((number) => !listed.has(number))).toEqual([])
})
