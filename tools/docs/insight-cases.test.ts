// Tests that docs/explain/insight-cases.md and the page about security of insights name.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../kit/command.ts'
import { listFiles } from '../kit/sources.ts'

const page = 'docs/explain/insight-cases.md'
const security = 'docs/guide/insights-security.md'
const folders = [
  ['src/codecs/sbom', /\.test\.ts$/],
  ['src/connectors/dependency-track', /\.test\.ts$/],
  ['src/connectors/lagoon-insights', /\.test\.ts$/],
  ['src/connectors/sbom', /\.test\.ts$/],
  ['src/api/routes', /insights\.test\.ts$/],
  ['test/real', /insights[\w-]*\.test\.ts$/],
] as const
/** `'29 to 35: …'` and `'4, 5 and 7: …'`. */
const titled = /(['"`])((\d+(?:(?:, | and | to )\d+)*): .+?)\1,/g

const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8')

function numbersOf(list: string): number[] {
  return list.split(/, | and /).flatMap((part) => {
    const [from = 0, to = from] = part.split(' to ').map(Number)
    return Array.from({ length: to - from + 1 }, (_, at) => from + at)
  })
}

/** `[name]: path` */
function referencesOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^\[(\w+)\]: (\S+)$/gm)].map(([, name = '', path = '']) => [name, path]))
}

test('each case of insights has tests, and the table names all of them', async () => {
  const written = new Map<number, Set<string>>()
  for (const [folder, name] of folders)
    for (const file of await listFiles(ROOT, folder, name))
      for (const [, , , list = ''] of (await read(file)).matchAll(titled))
        for (const number of numbersOf(list)) written.set(number, (written.get(number) ?? new Set()).add(file))
  const text = await read(page)
  const files = referencesOf(text)
  const listed = new Map<number, readonly (string | undefined)[]>()
  for (const [, number, tests = ''] of text.matchAll(/^\| (\d+) \| [^|]+ \| (.+) \|$/gm)) {
    const names = [...tests.matchAll(/\[(\w+)\]/g)].map(([, name = '']) => files.get(name))
    listed.set(Number(number), names.map((path) => join(dirname(page), path ?? '')).toSorted())
  }
  expect([...listed.keys()]).toEqual(Array.from({ length: 45 }, (_, at) => at + 1))
  for (const [number, tests] of listed)
    expect(tests, `case ${number}`).toEqual([...(written.get(number) ?? [])].toSorted())
  expect([...written.keys()].filter((number) => !listed.has(number))).toEqual([])
})

test('each security hole names a test, and the tests that are named exist', async () => {
  const text = await read(security)
  const files = referencesOf(text)
  const points = text
    .split(/^(?=- \*\*)/m)
    .slice(1)
    .map((point) => point.split(/\n\n/)[0]?.replaceAll(/\s+/g, ' ') ?? '')
  expect(points.length).toBeGreaterThan(20)
  for (const point of points) {
    const named = [...point.matchAll(/\[(\w+)\]((?:,? \*[^*]+\*(?: and(?= \*))?)*)/g)]
    expect(named, point).not.toEqual([])
    for (const [, name = '', titles = ''] of named) {
      const path = files.get(name)
      expect(path, point).toBeDefined()
      const content = (await read(join(dirname(security), path ?? ''))).replaceAll(/\s+/g, ' ')
      const missing = [...titles.matchAll(/\*([^*]+)\*/g)].filter(([, title = '']) => !content.includes(title))
      expect(
        missing.map(([, title]) => title),
        path,
      ).toEqual([])
    }
  }
})
