// A server process on loopback that is ready when it responds to HTTP.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface HttpProcess {
  pid(): number
  /** `how`: the signal that ends it first, SIGTERM by default. */
  restart(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  [Symbol.asyncDispose](): Promise<void>
}

const patienceMs = 120_000

export async function startHttpProcess(
  program: string,
  args: readonly string[],
  readyUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<HttpProcess> {
  let child = await launch()

  async function launch(): Promise<ChildProcess> {
    const started = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
    const killWithUs = (): void => void started.kill('SIGKILL')
    process.once('exit', killWithUs)
    started.once('exit', () => process.off('exit', killWithUs))
    let text = ''
    started.stderr.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-2000)))
    for (let waited = 0; !(await responds(readyUrl)); waited += 100) {
      if (waited > patienceMs || started.exitCode !== null) {
        await end(started)
        throw new Error(`${program} was not ready: ${text.trim()}`)
      }
      await sleep(100)
    }
    return started
  }

  return {
    pid: () => child.pid ?? -1,
    async restart(how = 'SIGTERM') {
      await end(child, how)
      child = await launch()
    },
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: () => end(child),
  }
}

function responds(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function end(child: ChildProcess, how: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(how)
  await exited
}
