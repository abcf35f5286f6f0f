export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const piece of bytes) {
    const lines = (rest + Buffer.from(piece).toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield Buffer.from(line, 'latin1').toString()
  }
  if (rest !== '') yield Buffer.from(rest, 'latin1').toString()
}
