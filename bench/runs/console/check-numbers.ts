import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../../tools/kit/command.ts'
import { listFiles } from '../../../tools/kit/sources.ts'

/** The checks of docs/explain/console-checks.md. */
export const checkNumbers: readonly number[] = Array.from({ length: 52 }, (_, at) => at + 1)

/** The number in a title such as `check 7: …`. */
export function numberOf(title: string): number | undefined {
  const found = /^check (\d+): /.exec(title)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Titles of checks in the sources. */
export async function writtenTitles(): Promise<string[]> {
  const titles: string[] = []
  for (const file of await listFiles(ROOT, 'test/browser', /\.browser\.ts$/)) {
    const text = await readFile(join(ROOT, file), 'utf8')
    // Figures are named by their check, too.
    for (const [, figured, , title = ''] of text.matchAll(/(figure\(\s*)?(['"`])(check \d+: [^\n]+?)\2/g))
      if (figured === undefined) titles.push(title)
  }
  return titles
}
