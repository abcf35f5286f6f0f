// Runs other programs with a time limit and kills all their children.
import { spawn } from 'node:child_process'
import { dirname, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export type CommandOptions = Readonly<{
  cwd?: string
  env?: Readonly<Record<string, string | undefined>>
  limit: number
  echo?: boolean
  onOutput?: (text: string) => void
}>

export type CommandResult = Readonly<{
  /** 128 + n after a signal; 127 if it could not be started. */
  code: number
  timedOut: boolean
  stdout: string
  stderr: string
  output: string
  seconds: number
}>

/** For programs in Go, which collect garbage for a third of their time. They need up to 1.5 times the memory. */
export const fewCollections = { GOGC: '200' } as const

/** Path of a program that npm installed here, for example `oxlint`. */
export function localBin(name: string, root = ROOT): string {
  return join(root, 'node_modules', '.bin', name)
}

export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const started = performance.now()
  const child = spawn(file, args, {
    cwd: options.cwd ?? ROOT,
    env: {
      ...process.env,
      PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  })
  const endGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return
    try {
      // A separate group, so that grandchildren end too.
      if (process.platform === 'win32') child.kill(signal)
      else process.kill(-child.pid, signal)
    } catch {
      // Gone already.
    }
  }
  let stdout = ''
  let stderr = ''
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
    if (options.echo === true) process.stdout.write(text)
    options.onOutput?.(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    output += text
    if (options.echo === true) process.stderr.write(text)
    options.onOutput?.(text)
  })
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    endGroup('SIGKILL')
  }, options.limit)
  const onInterrupt = () => endGroup('SIGTERM')
  process.once('SIGTERM', onInterrupt).once('SIGINT', onInterrupt)
  try {
    const code = await new Promise<number>((resolve) => {
      child.on('error', (error) => {
        stderr += error.message
        output += error.message
        resolve(127)
      })
      child.on('close', (status, signal) => resolve(signal === null ? (status ?? 1) : 128 + signalNumber(signal)))
    })
    return { code, timedOut, stdout, stderr, output, seconds: (performance.now() - started) / 1000 }
  } finally {
    clearTimeout(timer)
    process.off('SIGTERM', onInterrupt).off('SIGINT', onInterrupt)
  }
}

function signalNumber(signal: NodeJS.Signals) {
  return (
    { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }[signal as 'SIGKILL'] ?? 0
  )
}
