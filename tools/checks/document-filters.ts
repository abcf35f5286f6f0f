/**
 * Every filter in a document parses for the rows that its command, URL or JSON object selects. config-blocks.ts
 * verifies the filters of configurations.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nameTables, QueryError, readFilter, written } from '../../src/query/index.ts'
import { isMain } from '../kit/main.ts'
import { listFiles, runCheckAlone, type Problem } from '../kit/sources.ts'

type RowKind = keyof typeof nameTables

export type WrittenFilterAt = Readonly<{
  line: number
  text: string
  /** One of them has to fit. */
  kinds: readonly RowKind[]
}>

const delivered: readonly RowKind[] = ['flows', 'changes', 'audit', 'events']
const flows: readonly RowKind[] = ['flows']

/** By command, by path below /api/v1, and by stream of a live view. Others select flows. */
const kindsOf: Readonly<Record<string, readonly RowKind[]>> = {
  ...Object.fromEntries(Object.keys(nameTables).map((kind) => [kind, [kind as RowKind]])),
  tap: delivered,
  flaws: ['problems'],
}

/** With results or faults that its own test expects. */
const tested = /(?:^|\/)query-cases\.json$|CHANGELOG\.md$/

export async function documentFilters(root: string): Promise<Problem[]> {
  const results = await Promise.all(
    ['docs', 'deploy', 'examples', 'src'].map((folder) =>
      listFiles(root, folder, folder === 'src' ? /^README\.md$/ : /\.(?:md|json|ya?ml)$/),
    ),
  )
  const files = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...results.flat()].filter((file) => !tested.test(file))
  const problems = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(root, file), 'utf8').catch(() => '')
      return filtersIn(text).flatMap((filter): Problem[] => {
        const message = problemOf(filter)
        return message === undefined ? [] : [{ file, line: filter.line, message: `\`${filter.text}\`: ${message}` }]
      })
    }),
  )
  return problems.flat()
}

const quoted = String.raw`"((?:[^"\\]|\\.)*)"|'([^']*)'`
const command = new RegExp(String.raw`\bweir ([a-z-]+)(?=[^|]*?\s--filter[ =])`)
const flag = new RegExp(String.raw`--filter[ =](?:${quoted})`, 'g')
const parameter = new RegExp(String.raw`--data-urlencode (?:"filter=([^"]*)"|'filter=([^']*)')`, 'g')
const path = /\/api\/v1\/([a-z-]+)/
const member = /"filter": ?("(?:[^"\\]|\\.)*")/g
const stream = /"(?:stream|names)": ?"([a-z]+)"/

export function filtersIn(page: string): readonly WrittenFilterAt[] {
  return page.split('\n').flatMap((text, at): WrittenFilterAt[] => {
    const kinds = (pattern: RegExp) => kindsOf[pattern.exec(text)?.[1] ?? ''] ?? flows
    const all = (pattern: RegExp, of: readonly RowKind[]) =>
      [...text.matchAll(pattern)].map(([, first, second]) => ({ line: at + 1, text: first ?? second ?? '', kinds: of }))
    return [
      ...all(flag, kinds(command)),
      ...all(parameter, kinds(path)),
      ...all(member, kinds(stream)).map((literal) => ({ ...literal, text: JSON.parse(literal.text) as string })),
    ].filter((candidate) => candidate.text !== '…')
  })
}

function problemOf({ text, kinds }: WrittenFilterAt): string | undefined {
  // A variable of a dashboard is a quoted text or a list of them.
  const filled = text.replaceAll(/(\bin )?\$\w+/g, (_, list: string | undefined) =>
    list === undefined ? '"a"' : `${list}("1")`,
  )
  const messages = kinds.map((kind) => {
    try {
      readFilter(written(filled, nameTables[kind]), nameTables[kind])
      return undefined
    } catch (error) {
      if (error instanceof QueryError) return [error.message, error.problems[0]?.hint ?? ''].join(' ').trim()
      throw error
    }
  })
  return messages.every((message) => message !== undefined) ? messages[0] : undefined
}

if (isMain(import.meta.url)) await runCheckAlone(documentFilters, 'filters of documents')
