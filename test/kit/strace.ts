// Reads what strace wrote (`strace -f -yy -xx -v -o FILE`): system calls of all threads in the order in which they
// happened. A call has two moments, the line where it began and the line where it was done; the tracer sees one thread
// at a time, so that "done on an earlier line" means "done before".

export interface Call {
  readonly thread: number
  readonly name: string
  /** What the first argument's descriptor is: a path, or `TCP:[from->to]`. Empty when it has none. */
  readonly target: string
  /** Arguments as they were printed. */
  readonly text: string
  /** Line on which it began, and on which it was done. */
  readonly began: number
  readonly done: number
  /** The return value; -1 for any error. */
  readonly result: number
}

interface Begun {
  readonly name: string
  readonly text: string
  readonly began: number
}

/** Options that make strace write what {@link parseTrace} reads. */
export function straceArguments(file: string, calls: readonly string[]): string[] {
  return [
    '-f',
    '--seccomp-bpf',
    '-yy',
    '-xx',
    '-v',
    '-s',
    '16777216',
    '-e',
    `trace=${calls.join(',')}`,
    '-e',
    'signal=none',
    '-o',
    file,
  ]
}

/** Calls in the order in which they were done. Calls that never ended are left out. */
export function parseTrace(trace: string): Call[] {
  const calls: Call[] = []
  const open = new Map<number, Begun>()
  trace.split('\n').forEach((line, at) => {
    const [, number = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const thread = Number(number)
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    if (resumed !== null) {
      const begun = open.get(thread)
      open.delete(thread)
      if (begun !== undefined) calls.push(finished(thread, begun, begun.text + (resumed[1] ?? ''), at))
      return
    }
    const call = /^(\w+)\((.*)$/.exec(rest)
    if (call === null) return
    const [, name = '', text = ''] = call
    const unfinished = / <unfinished \.\.\.>$/.exec(text)
    if (unfinished !== null) open.set(thread, { name, text: text.slice(0, unfinished.index), began: at })
    else calls.push(finished(thread, { name, text, began: at }, text, at))
  })
  return calls
}

function finished(thread: number, { name, began }: Begun, text: string, done: number): Call {
  const result = /\) += (-?\d+)[^=]*$/.exec(text)?.[1]
  const target = /^\d+<((?:->|[^>])*)>/.exec(text)?.[1] ?? ''
  return { thread, name, target: unescape(target), text, began, done, result: Number(result ?? Number.NaN) }
}

/** Bytes of every string argument of a call, joined: what a `write` or `writev` wrote. */
export function bytesOf(call: Call): Buffer {
  const pieces: Buffer[] = []
  for (const [, text = ''] of call.text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g))
    pieces.push(Buffer.from(text.replaceAll('\\x', ''), 'hex'))
  return Buffer.concat(pieces)
}

/** The path that an `openat` opened, whether it may have made it, and the descriptor's path when it worked. */
export function openedPath(call: Call): { path: string; creates: boolean } {
  return {
    path: unescape(/"((?:\\x[0-9a-f]{2})*)"/.exec(call.text)?.[1] ?? ''),
    creates: call.text.includes('O_CREAT'),
  }
}

function unescape(text: string): string {
  // `-yy` prints the arrow of a connection, and nothing else, as it is.
  return Buffer.from(
    text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString()
}
