import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { withImports, type Built } from '../../src/api/console/scripts.ts'
import { isMain } from '../kit/main.ts'
import { runCheckAlone, type Problem } from '../kit/sources.ts'

/** Bytes of gzip. */
export const BUDGET = { first: 200 * 1024, styles: 30 * 1024, lazy: 120 * 1024 }
const FIRST_PAGE = ['src/pages/flows/index.tsx', 'src/pages/flows/table.tsx']

interface Chunk extends Built {
  readonly isDynamicEntry?: boolean
  readonly css?: readonly string[]
}

type ConsoleSizes = Readonly<{
  first: number
  styles: number
  lazy: ReadonlyMap<string, number>
}>

export async function consoleSizes(root: string): Promise<ConsoleSizes | undefined> {
  const dist = join(root, 'console/dist')
  const text = await readFile(join(dist, 'manifest.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const manifest = JSON.parse(text) as Readonly<Record<string, Chunk>>
  const sized = new Map<string, number>()
  for (const file of Object.values(manifest).flatMap((chunk) => [chunk.file, ...(chunk.css ?? [])]))
    sized.set(file, gzipSync(await readFile(join(dist, file))).length)
  const total = (files: Iterable<string>) => [...files].reduce((sum, file) => sum + (sized.get(file) ?? 0), 0)
  const entries = Object.keys(manifest).filter((name) => manifest[name]?.isEntry === true)
  const entry = withImports(manifest, entries)
  const lazy = new Map(
    Object.keys(manifest)
      .filter((name) => manifest[name]?.isDynamicEntry === true)
      .map((name) => {
        return [name, total(withImports(manifest, [name]).difference(entry))] as const
      }),
  )
  return {
    first: total(withImports(manifest, [...entries, ...FIRST_PAGE])),
    styles: total(
      new Set(
        Object.values(manifest).flatMap((chunk) => [
          ...(chunk.css ?? []),
          ...(chunk.file.endsWith('.css') ? [chunk.file] : []),
        ]),
      ),
    ),
    lazy,
  }
}

export async function consoleSize(root: string): Promise<Problem[]> {
  const sizes = await consoleSizes(root)
  if (sizes === undefined)
    return [{ file: 'console/dist', message: 'the console is not built; run `npm run build:console`' }]
  const measured = [
    ['the first route', sizes.first, BUDGET.first],
    ['the style sheets', sizes.styles, BUDGET.styles],
    ...[...sizes.lazy].map(([name, size]) => [name, size, BUDGET.lazy] as const),
  ] as const
  return measured
    .filter(([, size, budget]) => size > budget)
    .map(([name, size, budget]) => ({
      file: 'console',
      message:
        `${name}: ${(size / 1024).toFixed(1)} KB compressed, and the budget is ${budget / 1024} KB. Load ` +
        'rarely used parts on demand.',
    }))
}

if (isMain(import.meta.url)) await runCheckAlone(consoleSize, 'console size')
