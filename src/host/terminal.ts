import { spawn } from 'node:child_process'

/** `COLUMNS` as in coreutils, then the terminal. Undefined for a pipe or file, which takes lines of any length. */
export function terminalWidth(
  env: Readonly<Record<string, string | undefined>> = process.env,
  columns: number | undefined = process.stdout.columns,
): number | undefined {
  const set = Number(env['COLUMNS'])
  return Number.isSafeInteger(set) && set > 0 ? set : columns
}

/** Prints through `PAGER` (default `less`) if the output is a terminal with fewer rows than the text. */
export async function printPaged(text: string): Promise<void> {
  const { isTTY, rows } = process.stdout
  const pager = process.env['PAGER'] ?? 'less'
  if (!isTTY || text.split('\n').length <= rows || pager === '' || process.platform === 'win32')
    return void process.stdout.write(text)
  // An interrupt ends the pager, which restores the terminal.
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  const code = await new Promise<number>((resolve) => {
    const env = { LESS: 'FRX', ...process.env }
    const child = spawn('/bin/sh', ['-c', pager], { stdio: ['pipe', 'inherit', 'inherit'], env })
    child.on('error', () => resolve(127)).on('close', (ended) => resolve(ended ?? 0))
    child.stdin.on('error', ignore).end(text)
  })
  process.off('SIGINT', ignore)
  if (code === 126 || code === 127) process.stdout.write(text)
}
