import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../../tools/kit/command.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { temporaryFolder } from './testing/command.ts'

/** The reader of standard output ends before the first line, as `head -0` does. */
async function unread(
  args: readonly string[],
): Promise<Readonly<{ args: readonly string[]; code: unknown; err: string }>> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/weir.mjs'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.destroy()
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { args, code, err }
}

test('a closed pipe ends every command with 0, and without another message than that a list is empty', async () => {
  await using weir = await startWeir({ folder: await temporaryFolder() })
  await weir.events([{ specversion: '1.0', id: 'e1', source: '/shop', type: 'order.placed' }])
  const alone = ['--help', 'schema', 'create sink/nats', 'fields', 'man', 'help filters', 'completion bash']
  const asking =
    'flows,flows -o json,events,events -o vertical,audit,exporters,alerts,incidents,changes,resources,images,' +
    'inventory,spend,ledger,dead-letters list,status,status --watch,top,ids sources'
  const commands = [
    ...alone.map((words) => words.split(' ')),
    ...asking.split(',').map((words) => [...words.split(' '), '--url', weir.url]),
  ]
  for (const args of commands)
    expect(await unread(args)).toEqual({ args, code: 0, err: expect.stringMatching(/^(?:No [^\n]+\n)?$/) })
})
