import { createInterface } from 'node:readline'

export interface Prompt {
  /** Resolves with the next line. Rejects when the input ends. */
  read(question: string): Promise<string>
  close(): void
}

export const canPrompt = (): boolean => process.stdin.isTTY && process.stderr.isTTY

/** Questions go to standard error, so that standard output holds results only. Lines typed ahead are kept. */
export function openPrompt(): Prompt {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const typed = lines[Symbol.asyncIterator]()
  return {
    async read(question) {
      lines.setPrompt(question)
      lines.prompt()
      const next = await typed.next()
      if (next.done === true) throw new TypeError('The input ended before the last question.')
      return next.value
    },
    close: () => lines.close(),
  }
}
