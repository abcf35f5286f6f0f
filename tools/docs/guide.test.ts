// Runs the documents: every command and flag exists, every statement is queried
// and every event posted to a real Weir.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { recipes } from '../../console/src/pages/audit/text.ts'
import { problemTable } from '../../src/api/problems.ts'
import { everyView } from '../../src/topics/views.ts'
import { commandTree, flatten } from '../../src/cli/command-tree.ts'
import { weirSchema } from '../../src/app/config.ts'
import { loadConfig } from '../../src/app/load-config.ts'
import { program } from '../../src/cli/program.ts'
import { realHost } from '../../src/host/index.ts'
import { errorTable } from '../../src/model/errors.ts'
import { metricTable } from '../../src/components/manifests.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { ROOT } from '../kit/command.ts'
import { derivedMetrics } from '../../src/topics/metrics/derived-sources.ts'
import { listFiles } from '../kit/sources.ts'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'STYLE.md',
  ...(await listFiles(ROOT, 'docs', /\.md$/)),
  ...(await listFiles(ROOT, 'examples', /\.md$/)),
  ...(await listFiles(ROOT, 'src', /^README\.md$/)),
]
const texts = new Map(
  await Promise.all(pages.map(async (page) => [page, await readFile(join(ROOT, page), 'utf8')] as const)),
)

/** Code blocks of a language; '' are those without one. */
function blocks(page: string, ...languages: readonly string[]): string[] {
  return [...(texts.get(page) ?? '').matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, language = '']) => languages.includes(language))
    .map(([, , body = '']) => body)
}

/** Shell commands of a page, continued lines joined and comments left out. */
function commands(page: string): string[] {
  return blocks(page, 'sh', '')
    .flatMap((block) =>
      block
        .replace(/\\\n\s*/g, '')
        .split('\n')
        .map((line) => line.replace(/\s+#.*$/, '').trim()),
    )
    .filter((line) => line !== '')
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-docs-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('configuration in', () => {
  test.each(recipes)('the recipe of page Audit for $title is valid', async ({ text }) => {
    const file = join(folder, 'weir.yaml')
    await writeFile(file, text)
    expect((await loadConfig(realHost(), [file], [])).warnings).toBe('')
  })

  test.each(pages.filter((page) => blocks(page, 'yml').length > 0))('%s has YAML of other programs', (page) => {
    for (const block of blocks(page, 'yml')) expect(Object.keys(parse(block) as object)).not.toEqual([])
  })

  test('the guide shows every part of it', () => {
    const shown = new Set(
      blocks('docs/guide/configuration.md', 'yaml').flatMap((block) => Object.keys(parse(block) as object)),
    )
    expect(Object.keys(weirSchema.fields).filter((key) => !shown.has(key))).toEqual([])
  })
})

describe('commands in', () => {
  const nodes = flatten(commandTree(program()))
  const find = (words: readonly string[]) =>
    nodes.findLast((node) => node.words.every((word, index) => words[index] === word))
  const callsIn = (page: string): string[] =>
    commands(page).flatMap((line) => {
      const call =
        /^(?:npm run -s weir -- |weir )(.*)$/.exec(line)?.[1] ??
        (/^npm start -- (.*)$/.exec(line)?.[1] === undefined
          ? undefined
          : `run ${/^npm start -- (.*)$/.exec(line)?.[1]}`)
      return call === undefined ? [] : [call.replace(/[|>].*$/, '').replace(/"[^"]*"/g, 'TEXT')]
    })

  test.each(pages.filter((page) => callsIn(page).length > 0))('%s exist, with their flags', (page) => {
    for (const call of callsIn(page)) {
      const words = call.trim().split(/\s+/)
      const node = find(words)
      expect(node?.words, call).not.toEqual([])
      const flags = words.filter((word) => word.startsWith('--') && word.length > 2).map((word) => word.split('=')[0])
      for (const flag of flags)
        expect(
          node?.options.flatMap((option) => option.flags),
          call,
        ).toContain(flag)
    }
  })

  test.each(['github', 'gitlab'])('the job of %s in CI exist, with their flags', async (name) => {
    const job = await readFile(join(ROOT, `examples/ci/${name}.yml`), 'utf8')
    const calls = [...job.matchAll(/^ +- (?:run: )?weir (.*)$/gm)].map(([, call = '']) => call.split(' '))
    expect(calls.map(([command]) => command)).toEqual(['validate', 'test'])
    for (const words of calls)
      for (const flag of words.filter((word) => word.startsWith('--')))
        expect(find(words)?.options.flatMap((option) => option.flags)).toContain(flag)
  })

  test('scripts of npm are there', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const text of texts.values()) {
      for (const [, script = ''] of text.matchAll(/npm run (?:-s |--silent )?([\w:]+)/g))
        expect(scripts).toHaveProperty([script])
    }
  })
})

describe('against a real Weir', () => {
  let weir: WeirProcess
  beforeAll(async () => {
    weir = await startWeir({ folder: join(folder, 'weir') })
  })
  afterAll(async () => {
    await weir.stop()
  })

  test('every statement of the documents is answered', async () => {
    const patterns = [/\bquery\b.*?"((?:SELECT|WITH)[^"]*)"/, /-d '\{"sql":"([^"]*)"\}'/]
    const statements = pages
      .flatMap((page) => commands(page))
      .flatMap((line) => patterns.map((pattern) => pattern.exec(line)?.[1]).filter((one) => one !== undefined))
    expect(statements.length).toBeGreaterThan(5)
    for (const statement of statements) await expect(weir.sql(statement), statement).resolves.toBeInstanceOf(Array)
  })

  test('every event of the documents is accepted', async () => {
    const events = pages
      .flatMap((page) => commands(page))
      .flatMap((line) => {
        const found = /curl -X POST http:\/\/127\.0\.0\.1:8080\/events -H 'content-type: ([^']+)'.* -d '([^']*)'/.exec(
          line,
        )
        return found === null ? [] : [{ type: found[1] ?? '', body: found[2] ?? '' }]
      })
    expect(events.length).toBeGreaterThan(1)
    for (const { type, body } of events)
      expect(await weir.post('/events', body, type)).toEqual({ accepted: 1, duplicates: 0 })
  })

  test('the views have the columns and types that the reference names', async () => {
    for (const [view, columns] of Object.entries(everyView)) {
      const described = await weir.sql<{ column_name: string; column_type: string }>(`DESCRIBE ${view}`)
      expect(described.map(({ column_name: name, column_type: type }) => ({ name, type }))).toEqual(
        columns.map(({ name, type }) => ({ name, type })),
      )
    }
  })
})

test('every metric and error code that the documents name exists', () => {
  const known = new Set([metricTable, errorTable, problemTable, derivedMetrics].flatMap((names) => Object.keys(names)))
  const named = [...texts].flatMap(([page, text]) =>
    [...text.matchAll(/`(weir_[a-z_]+|WEIR_[A-Z_]+)`/g)].map(([, name = '']) => ({ page, name })),
  )
  // Tables of sink `clickhouse`.
  const tables = /^weir_(?:flows|events)(?:_1m|_5m|_1h)?$/
  // Variables of the environment begin alike.
  const variables = /^WEIR_(?:CONNECTORS|DATA|URL|HTTP|SOURCES|SINKS|GRAFANA|CACHE|TOKEN|CHROMIUM)/
  expect(named.filter(({ name }) => !known.has(name) && !variables.test(name) && !tables.test(name))).toEqual([])
  expect(named.length).toBeGreaterThan(50)
})

test('docs/pictures has at most 12 files, and a document shows each', async () => {
  const pictures = await listFiles(ROOT, 'docs/pictures', /./)
  const shown = [...texts].flatMap(([page, text]) =>
    [...text.matchAll(/!\[[^\]]*\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(([, link, source]) =>
      join(dirname(page), link ?? source ?? ''),
    ),
  )
  expect(pictures.length).toBeLessThanOrEqual(12)
  expect(pictures.filter((picture) => !shown.includes(picture))).toEqual([])
})
