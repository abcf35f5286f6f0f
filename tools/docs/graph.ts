import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../kit/command.ts'
import { withBlock } from './markdown.ts'

type Question = Readonly<{
  title: string
  sql: readonly string[]
  cypher: readonly string[]
}>

export async function graphPage(): Promise<string> {
  const page = await readFile(join(ROOT, 'docs/guide/graph.md'), 'utf8')
  const questions = JSON.parse(await readFile(join(ROOT, 'docs/graph-questions.json'), 'utf8')) as readonly Question[]
  const fenced = (language: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `\n\`\`\`${language}\n${lines.join('\n')}\n\`\`\`\n`
  const content =
    `<!-- Generated from docs/graph-questions.json by \`npm run docs\`. -->\n\n` +
    questions
      .map(({ title, sql, cypher }, at) => `### ${at + 1}. ${title}\n${fenced('sql', sql)}${fenced('cypher', cypher)}`)
      .join('\n')
  return withBlock(page, 'The graph', { name: 'questions', content })
}
