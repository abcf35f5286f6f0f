import { readFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { hostname, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { setFlagsFromString } from 'node:v8'
import { messageOf } from '../model/errors.ts'

/** The process and its surroundings, by value like the rest of the host. */
export const self = {
  pid: process.pid,
  hostname: hostname(),
  env: process.env as Readonly<Record<string, string | undefined>>,
  platform: process.platform,
  interactive: process.stdout.isTTY === true,
  exit(code: number): never {
    process.exit(code)
  },
  /** Sets the exit code and lets the process end by itself, so that output still arrives. */
  leave(code: number): void {
    process.exitCode = code
  },
  /** Replaces the handler of bin/weir.mjs, or the one before. */
  onSignal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP', act: () => void): void {
    const before = process.listeners(name)
    process.on(name, act)
    // Only now: without any listener, a signal that was caught and not yet handled would be lost.
    for (const listener of before) process.off(name, listener)
  },
  /** Runs when this process ends by `exit`; nothing asynchronous happens any more. Returns how to call it off. */
  onExit(act: () => void): () => void {
    process.once('exit', act)
    return () => void process.off('exit', act)
  },
  /** For programs that must stop in order when nobody reads their output. Without this the process exits at once, with 0. */
  onOutputClosed(act: () => void): void {
    outputClosed = act
  },
  stdout(text: string | Uint8Array): void {
    process.stdout.write(text)
  },
  stderr(text: string): void {
    process.stderr.write(text)
  },
  /** Keeps what was compiled for the next start; otherwise only a thread that ends by itself would. */
  keepCompiled(): void {
    flushCompileCache()
  },
  /**
   * Where no flows come: in threads that begin after this what is young goes soon, and in all of them the rest is looked through early. So little
   * is young that to share the work of it among threads costs more than it is (a tenth of the CPU of a first sync of 30,000 pods). While V8 marks
   * what is old it would not collect what is young, of which 20 to 40 MB pile up then where much is written: it does both at once (1 or 2 % more CPU in a first sync).
   */
  keepThreadsSmall(): void {
    setFlagsFromString('--no-parallel-scavenge')
    setFlagsFromString('--no-separate-gc-phases')
    setFlagsFromString('--max-semi-space-size=2')
    setFlagsFromString('--heap-growing-percent=50')
  },
  /**
   * For threads that begin after this, where flows come. Datagrams and columns are memory outside the heap, of which V8 collects everything again
   * and again while its own part is small: a tenth of the CPU, and pauses in which datagrams are lost. A larger first limit ends
   * that; smaller new spaces give the memory back. (bench/flows, 2 cores: 3.3 → 2.9 µs per flow, no drops at 200,000 flows/s.)
   */
  prepareForFlows(): void {
    setFlagsFromString('--initial-old-space-size=64')
    setFlagsFromString('--heap-growing-percent=200')
    setFlagsFromString('--max-semi-space-size=8')
  },
  /** For threads that begin after this and read objects, of which little stays: their garbage may not pile up. */
  prepareForObjects(): void {
    setFlagsFromString('--initial-old-space-size=16')
    setFlagsFromString('--max-semi-space-size=2')
  },
  /**
   * This thread and those that it starts step back when cores are short: what can wait must not keep a datagram waiting in a buffer
   * of the kernel that is full after half a second. Linux gives each thread a priority of its own; elsewhere it is the process's.
   */
  stepBack(): void {
    if (process.platform !== 'linux') return
    try {
      setPriority(0, 5)
    } catch {
      // Then all are equal, as before.
    }
  },
  /** Bytes of this process in memory, where no other process can look at them; undefined on Linux, where the parent does. */
  ownBytes(): number | undefined {
    return process.platform === 'linux' ? undefined : process.memoryUsage.rss()
  },
  /** A file in a folder that only this user can read. */
  async temporaryFile(
    name: string,
    text: string,
  ): Promise<{ readonly path: string; read(): Promise<string>; remove(): Promise<void> }> {
    const { mkdtemp, readFile, rm, writeFile } = await import('node:fs/promises')
    const folder = await mkdtemp(join(tmpdir(), 'weir-'))
    const path = join(folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return { path, read: () => readFile(path, 'utf8'), remove: () => rm(folder, { recursive: true, force: true }) }
  },
  /** Everything that is written to this process. */
  async readStdin(): Promise<string> {
    const pieces: Buffer[] = []
    for await (const piece of process.stdin as AsyncIterable<Buffer>) pieces.push(piece)
    return Buffer.concat(pieces).toString('utf8')
  },
  /** Runs an editor, which may be a command with flags, on a file, with the terminal of this process; answers its exit code. */
  async runEditor(editor: string, path: string): Promise<number> {
    const { spawn } = await import('node:child_process')
    return new Promise((resolve, reject) => {
      const child =
        process.platform === 'win32'
          ? spawn(`${editor} "${path}"`, { shell: true, stdio: 'inherit' })
          : spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' })
      child.on('error', reject).on('close', (code) => resolve(code ?? 1))
    })
  },
  readTextFile(path: string): string {
    return readFileSync(path, 'utf8')
  },
}

let outputClosed = (): void => process.exit(0)

/** `weir … | head -1`: the closed pipe is reported as an error of the stream, which would otherwise print a stack. */
function onOutputError(name: string, error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return outputClosed()
  // Of standard error nothing can be reported.
  if (name === 'standard output') process.stderr.write(`weir: ${name} cannot be written: ${systemReason(error)}\n`)
  process.exit(1)
}

if (isMainThread) {
  process.stdout.on('error', (error) => onOutputError('standard output', error))
  process.stderr.on('error', (error) => onOutputError('standard error', error))
}

/** The reason in an error of the system, without its code, call and path: `no space left on device`. */
export function systemReason(error: unknown): string {
  const message = messageOf(error)
  return /^E[A-Z0-9]+: (.+?), \w+(?: |$)/.exec(message)?.[1] ?? message
}

/**
 * Tells a running process apart from another that got the same number later: boot id and start time, where the system
 * says so. Undefined when there is no such process.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined
  }
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may hold anything; start time is the 20th after it.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot}:${started ?? ''}`
  } catch {
    return `${pid}`
  }
}
