import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../../tools/kit/command.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { temporaryFolder } from './testing/command.ts'

const soon = { timeout: 30_000 }

interface Following {
  readonly child: ReturnType<typeof spawn>
  out: string
  err: string
}

function following(...args: string[]): Following {
  const child = spawn(process.execPath, [join(ROOT, 'bin/weir.mjs'), ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  const state: Following = { child, out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (state.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (state.err += text))
  return state
}

const event = (id: number): object => ({ specversion: '1.0', id: `e${id}`, source: '/shop', type: 'order.placed' })
const idsOf = (out: string): string[] => [...out.matchAll(/"id":"(e\d+)"/g)].map(([, id = '']) => id)

test('weir events --follow prints each event once, also across a restart, until it is interrupted', async () => {
  await using weir = await startWeir({ folder: await temporaryFolder() })
  await weir.events([event(1), event(2)])
  const seen = following('events', '--follow', '-o', 'ndjson', '--filter', 'source = "/shop"', '--url', weir.url)
  await expect.poll(() => [idsOf(seen.out).toSorted(), seen.err], soon).toEqual([['e1', 'e2'], ''])
  await weir.events([event(3)])
  await expect.poll(() => idsOf(seen.out), soon).toContain('e3')
  await weir.stop()
  await expect
    .poll(() => seen.err, soon)
    .toMatch(/^weir: No response from \S+: connection refused\. Waiting for the server\.\n$/)
  await weir.start()
  await weir.events([event(4)])
  await expect.poll(() => idsOf(seen.out).toSorted(), soon).toEqual(['e1', 'e2', 'e3', 'e4'])
  expect(seen.err).toMatch(/\nweir: the server responds again\n$/)
  seen.child.kill('SIGINT')
  expect(await once(seen.child, 'close')).toEqual([null, 'SIGINT'])
})

test('weir events --follow ends without a message when its reader ends', async () => {
  await using weir = await startWeir({ folder: await temporaryFolder() })
  const seen = following('events', '--follow', '-o', 'ndjson', '--url', weir.url)
  await weir.events([event(1)])
  await expect.poll(() => idsOf(seen.out), soon).toEqual(['e1'])
  seen.child.stdout?.destroy()
  await weir.events([event(2)])
  expect(await once(seen.child, 'close')).toEqual([0, null])
  expect(seen.err).toBe('')
})
