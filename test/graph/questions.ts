// The questions of docs/guide/graph.md in SQL and Cypher, with the answers for the seed data.
import { readFileSync, writeFileSync } from 'node:fs'

export interface Question {
  readonly id: string
  readonly title: string
  /** Replace `$name` in the texts. */
  readonly parameters: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  readonly sql: readonly string[]
  readonly cypher: readonly string[]
  /** Times are ISO 8601. */
  readonly rows: readonly (readonly (string | number | null)[])[]
}

const file = new URL('../../docs/graph-questions.json', import.meta.url)

export const questions = JSON.parse(readFileSync(file, 'utf8')) as readonly Question[]

export function sqlOf({ sql, parameters }: Question): string {
  return sql.join('\n').replace(/\$(\w+)/g, (_, name: string) => `'${(parameters[name] ?? '').replaceAll("'", "''")}'`)
}

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
