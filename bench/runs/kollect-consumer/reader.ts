// A consumer of kollect's messages in Python with generated classes.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'

export const protoFiles = ['kollect/event/v1/event.proto', 'kollect/resource/event/v1/event.proto']

export interface ConsumedMessage {
  readonly key: string
  readonly id: string
  readonly timestamp: number
  readonly applies_at: number
  readonly type_url: string
  readonly fields: Readonly<Record<string, string | boolean>>
  /** Bytes of the message without a field in the reader. */
  readonly left: number
}

/** A file of proto/ without Weir's additions. */
export function ownFields(text: string): string {
  return text.replaceAll(/^.* = (?:1[6-9]|2\d);\n/gm, '')
}

/** Generates classes from proto/, with or without additions. */
export async function generate(python: string, out: string, additions: boolean): Promise<void> {
  const from = `${out}-proto`
  for (const file of protoFiles) {
    const text = await readFile(join(ROOT, 'proto', file), 'utf8')
    await mkdir(dirname(join(from, file)), { recursive: true })
    await writeFile(join(from, file), additions ? text : ownFields(text))
  }
  await mkdir(out, { recursive: true })
  const ran = await runCommand(python, ['-m', 'grpc_tools.protoc', '-I', from, `--python_out=${out}`, ...protoFiles], {
    limit: 60_000,
  })
  if (ran.code !== 0) throw new Error(`protoc failed: ${ran.output}`)
}

/** Arguments: the folder of the classes, the bus with its arguments (see consumer.py), the number of messages. */
export async function consume(
  python: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ConsumedMessage[]> {
  const ran = await runCommand(python, [join(ROOT, 'bench/runs/kollect-consumer/consumer.py'), ...args], {
    limit: 240_000,
    env,
  })
  if (ran.code !== 0) throw new Error(`the consumer failed: ${ran.stderr.slice(-2000)}`)
  return ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ConsumedMessage)
}
