// A process with plain DuckDB over the files of a store.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../../../tools/kit/command.ts'
import type { Cost } from './cost.ts'

type Result = Cost & Readonly<{ rows: number }>
export type PlainDuck = Readonly<{ query(sql: string): Promise<Result>; end(): void }>

/** `store`: folder of the files. */
export async function plainDuck(store: string): Promise<PlainDuck> {
  const script = join(ROOT, 'bench/runs/query-overhead/plain-duck.ts')
  const child = spawn(process.execPath, [script, store], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`plain DuckDB ended with ${String(code)}`)
  })
  ended.catch(() => {})
  const next = async () => String(((await Promise.race([once(lines, 'line'), ended])) as unknown[])[0])
  await next()
  return {
    async query(sql) {
      const answer = next()
      child.stdin.write(`${JSON.stringify(sql)}\n`)
      return JSON.parse(await answer) as Result
    },
    end: () => child.stdin.end(),
  }
}
