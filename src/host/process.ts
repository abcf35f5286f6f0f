import { readFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { hostname, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { setFlagsFromString } from 'node:v8'
import { messageOf } from '../model/errors.ts'

export const self = {
  pid: process.pid,
  hostname: hostname(),
  env: process.env as Readonly<Record<string, string | undefined>>,
  platform: process.platform,
  interactive: process.stdout.isTTY === true,
  exit(code: number): never {
    process.exit(code)
  },
  /** Lets the process end, so that output is flushed. */
  leave(code: number): void {
    process.exitCode = code
  },
  onSignal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP', act: () => void): void {
    const before = process.listeners(name)
    process.on(name, act)
    // After adding: without any listener, a caught and unhandled signal would be lost.
    for (const listener of before) process.off(name, listener)
  },
  onExit(act: () => void): () => void {
    process.once('exit', act)
    return () => void process.off('exit', act)
  },
  /** Handles uncaught errors of this thread, and rejections that nothing handles. The thread continues. */
  onUncaught(act: (error: unknown) => void): void {
    process.on('uncaughtException', act)
  },
  /** For an orderly stop; by default the process exits at once with 0. */
  onOutputClosed(act: (name: OutputName) => void): void {
    outputClosed = act
  },
  stdout(text: string | Uint8Array): void {
    process.stdout.write(text)
  },
  stderr(text: string): void {
    process.stderr.write(text)
  },
  keepCompiled(): void {
    flushCompileCache()
  },
  /**
   * V8 flags for processes without flows: small new spaces and early old-space collections. Parallel scavenges of small
   * new spaces cost a tenth of the CPU of a first sync of 30,000 pods. Scavenges during marking cost 1 to 2 % CPU and
   * save 20 to 40 MB.
   */
  keepThreadsSmall(): void {
    setFlagsFromString('--no-parallel-scavenge')
    setFlagsFromString('--no-separate-gc-phases')
    setFlagsFromString('--max-semi-space-size=2')
    setFlagsFromString('--heap-growing-percent=50')
  },
  /**
   * V8 flags for later threads that process flows. Datagrams and columns are external memory, which triggers full
   * collections while the heap is small: a larger initial limit avoids them, and smaller new spaces compensate the
   * memory. (bench/flows, 2 cores: 3.3 → 2.9 µs per flow.)
   */
  prepareForFlows(): void {
    setFlagsFromString('--initial-old-space-size=64')
    setFlagsFromString('--heap-growing-percent=200')
    setFlagsFromString('--max-semi-space-size=8')
  },
  /**
   * V8 flags for later threads that read messages of a bus. Bytes of the connection are external memory, which triggers
   * a full collection each second while the heap is small.
   */
  prepareForMessages(): void {
    setFlagsFromString('--no-parallel-scavenge')
    setFlagsFromString('--initial-old-space-size=64')
    setFlagsFromString('--heap-growing-percent=200')
    setFlagsFromString('--max-semi-space-size=8')
  },
  /** V8 flags for later threads that read short-lived objects. */
  prepareForObjects(): void {
    setFlagsFromString('--initial-old-space-size=16')
    setFlagsFromString('--max-semi-space-size=2')
  },
  /** Lowers the priority of this thread and those it starts. Affects the whole process except on Linux. */
  stepBack(): void {
    if (process.platform !== 'linux') return
    try {
      setPriority(0, 5)
    } catch {
      // All threads keep equal priority.
    }
  },
  /** Resident bytes; undefined on Linux, where the parent reads them. */
  ownBytes(): number | undefined {
    return process.platform === 'linux' ? undefined : process.memoryUsage.rss()
  },
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
  /** In a file, for readers that need positions. */
  async stdinAsFile(): Promise<{ readonly path: string; remove(): Promise<void> }> {
    const { mkdtemp, rm } = await import('node:fs/promises')
    const { createWriteStream } = await import('node:fs')
    const { pipeline } = await import('node:stream/promises')
    const folder = await mkdtemp(join(tmpdir(), 'weir-'))
    const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
    try {
      await pipeline(process.stdin, createWriteStream(join(folder, 'stdin'), { mode: 0o600 }))
    } catch (error) {
      await remove()
      throw error
    }
    return { path: join(folder, 'stdin'), remove }
  },
  async readStdin(): Promise<string> {
    const pieces: Buffer[] = []
    for await (const piece of process.stdin as AsyncIterable<Buffer>) pieces.push(piece)
    return Buffer.concat(pieces).toString('utf8')
  },
  /** `editor`: a command, perhaps with flags. Resolves with its exit code. */
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

type OutputName = 'standard output' | 'standard error'

let outputClosed: (name: OutputName) => void = () => process.exit(0)

/** A closed pipe, as in `weir … | head -1`, would otherwise print a stack. */
function onOutputError(name: OutputName, error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return outputClosed(name)
  // Errors of standard error cannot be reported.
  if (name === 'standard output') process.stderr.write(`weir: ${name} cannot be written: ${systemReason(error)}\n`)
  process.exit(1)
}

if (isMainThread) {
  process.stdout.on('error', (error) => onOutputError('standard output', error))
  process.stderr.on('error', (error) => onOutputError('standard error', error))
}

/** The reason of a system error without code, call and path: `no space left on device`. */
export function systemReason(error: unknown): string {
  const message = messageOf(error)
  return /^E[A-Z0-9]+: (.+?), \w+(?: |$)/.exec(message)?.[1] ?? message
}

/** Boot id and start time distinguish a running process from a later one with the same number. */
export function processIdentity(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined
  }
  const boot = bootId()
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field, the program name, can contain any text.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return boot === undefined ? `${pid}` : `${boot}:${started ?? ''}`
  } catch {
    return `${pid}`
  }
}

export function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
