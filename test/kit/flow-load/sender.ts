import { fileURLToPath } from 'node:url'
import { runCommand } from '../../../tools/kit/command.ts'
import type { SendOptions, SendResult } from './send.ts'

const program = fileURLToPath(new URL('./send.ts', import.meta.url))

/** Sends flows from a separate process. Rejects with its output if it fails or exceeds `limitMs`. */
export async function sendFlows(options: SendOptions, limitMs: number): Promise<SendResult> {
  const ran = await runCommand(process.execPath, [program, JSON.stringify(options)], { limit: limitMs })
  if (ran.code !== 0) throw new Error(`the sender failed:\n${ran.output}`)
  return JSON.parse(ran.stdout) as SendResult
}
