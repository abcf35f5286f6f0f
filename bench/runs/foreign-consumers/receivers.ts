import { join } from 'node:path'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'
import type { ReceivedEvent } from './events.ts'

/** The program and its arguments (see test/real/go-cloudevents/main.go and cloudevents.py). */
export async function receive(program: string, args: readonly string[]): Promise<ReceivedEvent[]> {
  const ran = await runCommand(program, args, { limit: 180_000 })
  if (ran.code !== 0) throw new Error(`${args.join(' ')}: ${ran.stderr.slice(-2000)}`)
  return ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReceivedEvent)
}

export const pythonReceiver = join(ROOT, 'bench/runs/foreign-consumers/cloudevents.py')
