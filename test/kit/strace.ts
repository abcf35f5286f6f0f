// Parses `strace -f -yy -xx -v -o FILE`. A call has two moments, its first and its last line. The tracer sees one
// thread at a time, so an earlier line is an earlier moment.

export interface Call {
  readonly thread: number
  readonly name: string
  /** Path of the first argument's descriptor, or `TCP:[from->to]`; empty: none. */
  readonly target: string
  readonly text: string
  /** First and last line. */
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

/** Options of strace for {@link parseTrace}. */
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

/** Completed calls in order of completion. */
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

/** The joined string arguments of a `write` or `writev`. */
export function bytesOf(call: Call): Buffer {
  const pieces: Buffer[] = []
  for (const [, text = ''] of call.text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g))
    pieces.push(Buffer.from(text.replaceAll('\\x', ''), 'hex'))
  return Buffer.concat(pieces)
}

/** The path of an `openat`, and whether it may create the file. */
export function openedPath(call: Call): { path: string; creates: boolean } {
  return {
    path: unescape(/"((?:\\x[0-9a-f]{2})*)"/.exec(call.text)?.[1] ?? ''),
    creates: call.text.includes('O_CREAT'),
  }
}

function unescape(text: string): string {
  // `-yy` prints only the arrow of a connection unescaped.
  return Buffer.from(
    text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString()
}
