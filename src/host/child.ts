import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'

/** When this process ends, the channel closes and {@link parentChannel} ends the child. */
export type ChildProcess = Readonly<{
  channel: Duplex
  file: Readable | undefined
  errors(): string
  kill(): void
  /** Resolves with the exit status. Never rejects. */
  ended: Promise<string>
}>

type ChildOptions = Readonly<{
  script: string
  nodeFlags: readonly string[]
  env: Readonly<Record<string, string>>
  /** Limit of private memory in bytes (RLIMIT_DATA; Linux). */
  dataBytes: number
  file: boolean
}>

const channelFd = 3
const maxErrors = 2000

/** $1 is the limit in KiB. The OOM killer prefers this process. */
const limited = 'ulimit -d "$1" 2>/dev/null; echo 900 2>/dev/null >/proc/self/oom_score_adj; shift;'
/** After `cat`, standard output is a pipe that has a path; Node's own are sockets. */
const shells = { channel: `${limited} exec "$@"`, file: `${limited} "$@" | cat ${channelFd}>&-` }

export function startChild({ script, nodeFlags, env, dataBytes, file }: ChildOptions): ChildProcess {
  const command = [process.execPath, ...nodeFlags, script]
  const options = { env, stdio: ['ignore', file ? 'pipe' : 'ignore', 'pipe', 'pipe'], detached: true } as const
  const child = spawn(
    '/bin/sh',
    ['-c', file ? shells.file : shells.channel, 'sh', String(Math.ceil(dataBytes / 1024)), ...command],
    { ...options, stdio: [...options.stdio] },
  )
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-maxErrors)))
  const channel = child.stdio[channelFd] as Duplex
  // The end of the process explains a broken channel.
  channel.on('error', () => undefined)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
  })
  return {
    channel,
    file: child.stdout ?? undefined,
    ended,
    errors: () => errors.trim(),
    kill() {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // Already ended.
      }
    },
  }
}

/** In a child: the channel to its parent. When the parent ends, the child exits immediately. */
export function parentChannel(): Duplex {
  const channel = new Socket({ fd: channelFd })
  const end = (): void => void process.kill(process.pid, 'SIGKILL')
  return channel.on('end', end).on('error', end).on('close', end)
}

/** Private bytes of a process in memory, without mapped files; undefined if the system does not report them. */
export function privateBytes(pid: number): number | undefined {
  try {
    const kib = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}
