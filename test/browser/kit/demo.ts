import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../../tools/kit/command.ts'

const rollouts = `SELECT time, actor, _pos AS pos FROM changes WHERE kind = 'Deployment' AND name = 'api'
  AND operation = 'updated' AND NOT initial ORDER BY time LIMIT 1`

/** The demo. Its rollout of Deployment `api` removes a label that a network policy requires. */
export class Demo {
  #process: ChildProcess | undefined
  url = ''
  rollout: Readonly<{ time: string; actor: string; pos: string }> = { time: '', actor: '', pos: '' }

  /** Waits for the rollout. */
  async start(): Promise<void> {
    const started = spawn(process.execPath, [join(ROOT, 'sim/demo.ts')], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#process = started
    let output = ''
    started.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    while (!output.includes('Ctrl-C') && started.exitCode === null) await sleep(100)
    this.url = /console +(\S+)/.exec(output)?.[1] ?? ''
    for (let found: Demo['rollout'] | undefined; found === undefined; await sleep(500)) {
      found = (await this.sql<Demo['rollout']>(rollouts))[0]
      this.rollout = found ?? this.rollout
    }
  }

  async sql<T>(statement: string): Promise<T[]> {
    const answer = await fetch(`${this.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql: statement, format: 'json' }),
    })
    return (await answer.json()) as T[]
  }

  stop(): void {
    this.#process?.kill('SIGTERM')
  }
}
