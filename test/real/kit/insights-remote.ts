// insights-remote, or `weir insights-remote`, as a process with the same flags and variables.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localBin, ROOT } from '../../../tools/kit/command.ts'
import { freePorts } from '../../kit/free-port.ts'

export interface InsightsRemote {
  /** Of facts and problems. */
  readonly url: string
  readonly probeUrl: string
  readonly pid: number
  readonly log: string
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface InsightsRemoteOptions {
  /** Path of the original; undefined: Weir. */
  readonly original?: string | undefined
  /** Data folder of Weir. */
  readonly data: string
  readonly kubeconfig: string
  readonly secret: string
  /** HOST:PORT, or HOST:PORT/VHOST. */
  readonly broker: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const READY_LIMIT = 60_000

/** Resolves when it answers HTTP. */
export async function startInsightsRemote(options: InsightsRemoteOptions): Promise<InsightsRemote> {
  const { original, data, kubeconfig, secret, broker, flags = [], env = {} } = options
  const [api = 0, web = 0, probes = 0] = await freePorts(3)
  const own =
    original === undefined
      ? [join(ROOT, 'bin/weir.mjs'), 'insights-remote', '--data', data, '--listen', `127.0.0.1:${api}`]
      : []
  const shared = [`--health-probe-bind-address=127.0.0.1:${probes}`, ...flags]
  const child = spawn(original ?? localBin('node'), [...own, ...shared], {
    env: {
      ...process.env,
      KUBECONFIG: kubeconfig,
      INSIGHTS_TOKEN_SECRET: secret,
      RABBITMQ_ADDRESS: broker,
      WEBSERVICE_PORT: String(web),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit')
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-20_000)))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    process.off('exit', kill)
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await exited
  }
  const [url, probeUrl] = [`http://127.0.0.1:${web}`, `http://127.0.0.1:${probes}`]
  for (let waited = 0; !(await isReady([`${url}/none`, `${probeUrl}/healthz`])); waited += 100) {
    if (child.exitCode !== null || waited > READY_LIMIT) {
      await stop('SIGKILL')
      throw new Error(`it does not answer:\n${log}`)
    }
    await sleep(100)
  }
  return {
    url,
    probeUrl,
    pid: child.pid ?? -1,
    get log() {
      return log
    },
    stop,
  }
}

async function isReady(urls: readonly string[]): Promise<boolean> {
  const statuses = await Promise.all(urls.map(statusOf))
  return statuses.every((status) => status < 500)
}

/** 599: no response. */
async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.status
  } catch {
    return 599
  }
}
