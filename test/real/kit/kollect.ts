// `weir kollect` as a separate process, configured by kollect's variables except for its addresses and its folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localBin, ROOT } from '../../../tools/kit/command.ts'
import { freePorts } from '../../kit/free-port.ts'

export interface Kollect {
  readonly apiUrl: string
  /** The last 20,000 characters of standard error. */
  readonly log: string
  /** Of metrics and health. */
  readonly opsUrl: string
  stop(): Promise<number | null>
  [Symbol.asyncDispose](): Promise<void>
}

const READY_LIMIT = 60_000

/** Resolves when everything is watched that the account may read. `folder` is its data folder. */
export async function startKollect(folder: string, env: Readonly<Record<string, string>>): Promise<Kollect> {
  const [api = 0, ops = 0] = await freePorts(2)
  const child = spawn(
    localBin('node'),
    [
      join(ROOT, 'bin/weir.mjs'),
      'kollect',
      '--data',
      folder,
      '--listen',
      `127.0.0.1:${api}`,
      '--ops',
      `127.0.0.1:${ops}`,
    ],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit')
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    process.off('exit', kill)
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await exited
    }
    return child.exitCode
  }
  for (let waited = 0; !(await synced(api)); waited += 100) {
    if (child.exitCode !== null || waited > READY_LIMIT) {
      await end('SIGKILL')
      throw new Error(`weir kollect does not watch:\n${output}`)
    }
    await sleep(100)
  }
  return {
    apiUrl: `http://127.0.0.1:${api}`,
    get log() {
      return output
    },
    opsUrl: `http://127.0.0.1:${ops}`,
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  }
}

async function synced(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/clusters`)
    .then((found) => found.json() as Promise<{ clusters: { synced: boolean }[] }>)
    .catch(() => undefined)
  return answer?.clusters[0]?.synced === true
}
