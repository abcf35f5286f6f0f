// The ten questions of docs/guide/graph.md: texts in SQL and Cypher, and what both answer of the seed.
import { readFileSync, writeFileSync } from 'node:fs'

export interface Question {
  readonly id: string
  readonly title: string
  /** Stand in the texts as `$name`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  /** Lines. */
  readonly sql: readonly string[]
  readonly cypher: readonly string[]
  /** In the order of the columns; times as ISO 8601. */
  readonly rows: readonly (readonly (string | number | null)[])[]
}

const file = new URL('../../docs/graph-questions.json', import.meta.url)

export const questions = JSON.parse(readFileSync(file, 'utf8')) as readonly Question[]

/** The store takes no parameters: values stand in the text. */
export function sqlOf({ sql, parameters }: Question): string {
  return sql.join('\n').replace(/\$(\w+)/g, (_, name: string) => `'${(parameters[name] ?? '').replaceAll("'", "''")}'`)
}

/** Written as the file has it: a row a line. */
export function writeQuestions(all: readonly Question[]): void {
  const texts = all.map((question) =>
    JSON.stringify({ ...question, rows: [] }, undefined, 2)
      .replace(
        '"rows": []',
        () => `"rows": [\n${question.rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`,
      )
      .replace(/^/gm, '  '),
  )
  writeFileSync(file, `[\n${texts.join(',\n')}\n]\n`)
}
