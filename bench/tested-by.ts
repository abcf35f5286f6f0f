import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AcceptanceContext } from './harness.ts'
import { ROOT } from '../tools/kit/command.ts'

/**
 * For CI, where `npm run test:real` has executed these tests before: they prove the same at small scale, and only
 * their presence is checked. `titles` are parts of the text of `file`.
 */
export async function testedBy(context: AcceptanceContext, file: string, titles: readonly string[]): Promise<void> {
  const text = await readFile(join(ROOT, file), 'utf8').catch(() => '')
  for (const title of titles) context.expect(text.includes(title), `${file} tests: ${title}`)
}
