import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'

/** A Node process that works for this one. It ends with it: the channel closes, and {@link parentChannel} ends the child. */
export interface ChildProcess {
  /** Both directions; closes when the child has ended. */
  readonly channel: Duplex
  /** Standard output, where the child was started with `file`: a pipe that the child may open as /dev/stdout. */
  readonly file: Readable | undefined
  /** The last that it wrote to standard error. */
  errors(): string
  /** Ends it at once, whatever it does. */
  kill(): void
  /** Resolves when it has ended, with how. Never rejects. */
  readonly ended: Promise<string>
}

export interface ChildOptions {
  readonly script: string
  readonly nodeFlags: readonly string[]
  /** The child gets no other variables than these: it needs no secrets. */
  readonly env: Readonly<Record<string, string>>
  /** Bytes of private memory beyond which the kernel refuses it more (RLIMIT_DATA; Linux). */
  readonly dataBytes: number
  readonly file: boolean
}

/** Descriptor of the channel in the child. */
const channelFd = 3
const mostErrors = 2000

/** The limit in KiB is $1. The kernel ends this process before any other when memory is short. */
const limited = 'ulimit -d "$1" 2>/dev/null; echo 900 2>/dev/null >/proc/self/oom_score_adj; shift;'
/** Behind `cat`, standard output is a real pipe, which can be opened by its path; Node's own are sockets, which can not. */
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
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-mostErrors)))
  const channel = child.stdio[channelFd] as Duplex
  // What a broken channel means is said by the end of the process.
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
        // Its own group: the shell, `cat` and Node.
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    },
  }
}

/** In a child: the channel to its parent. When the parent is gone, the child ends at once, whatever its threads do. */
export function parentChannel(): Duplex {
  const channel = new Socket({ fd: channelFd })
  const end = (): void => void process.kill(process.pid, 'SIGKILL')
  return channel.on('end', end).on('error', end).on('close', end)
}

/** Private bytes that a process has in memory: without files that it maps. Undefined where the system does not tell. */
export function privateBytes(pid: number): number | undefined {
  try {
    const kib = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}
