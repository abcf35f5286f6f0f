// docs/explain/inventory-cases.md lists the tests with the number of a case in their titles.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../kit/command.ts'
import { listFiles } from '../kit/sources.ts'

const page = 'docs/explain/inventory-cases.md'

const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8')

test('each case of inventories and costs has tests, and the table names all of them', async () => {
  const written = new Map<string, string[]>()
  for (const folder of ['src', 'test'])
    for (const file of await listFiles(ROOT, folder, /\.test\.ts$/))
      for (const [, numbers = ''] of (await read(file)).matchAll(/['"`]case (C\d+(?:, C\d+)*): /g))
        for (const number of numbers.split(', '))
          written.set(number, [...new Set([...(written.get(number) ?? []), file])])
  const content = await read(page)
  const files = new Map(
    [...content.matchAll(/^\[([^\]]+)\]: \.\.\/\.\.\/(\S+)$/gm)].map(([, name = '', file = '']) => [name, file]),
  )
  const listed = new Map<string, (string | undefined)[]>()
  for (const [, number = '', tests = ''] of content.matchAll(/^\| (C\d+) \| [^|]+ \| (.+) \|$/gm))
    listed.set(
      number,
      [...tests.matchAll(/\[([^\]]+)\]/g)].map(([, name = '']) => files.get(name)),
    )
  expect([...listed.keys()]).toEqual(Array.from({ length: 28 }, (_, at) => `C${at + 1}`))
  for (const [number, tests] of listed) expect(tests, number).toEqual((written.get(number) ?? []).toSorted())
  expect([...listed].filter(([, tests]) => tests.length === 0).map(([number]) => number)).toEqual([])
  expect([...written.keys()].filter((number) => !listed.has(number))).toEqual([])
})
