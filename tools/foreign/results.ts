import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../kit/command.ts'

export type Figures = Readonly<{ right: number; refused: number; wrong: number }>

/** `version`: name and version of the other project. `date`: ISO day of the run. */
export type Recorded = Figures & Readonly<{ version: string; date: string }>

const folder = 'tools/foreign/results'

export function resultFile(suite: string): string {
  return join(ROOT, folder, `${suite}.json`)
}

export async function recordedResults(): Promise<readonly (Recorded & Readonly<{ suite: string }>)[]> {
  const names = (await readdir(join(ROOT, folder)).catch(() => [])).filter((name) => name.endsWith('.json')).toSorted()
  return Promise.all(
    names.map(async (name) => ({
      suite: name.slice(0, -'.json'.length),
      ...(JSON.parse(await readFile(join(ROOT, folder, name), 'utf8')) as Recorded),
    })),
  )
}
