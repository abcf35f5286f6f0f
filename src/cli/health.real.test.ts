import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../test/kit/free-port.ts'
import { start } from '../api/testing/kit.ts'
import { realHost } from '../host/index.ts'
import type { Exposition } from '../telemetry/exposition.ts'
import { startOps } from '../telemetry/ops.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const { timers } = realHost()
const noExposition = async (): Promise<Exposition> => ({ contentType: 'text/plain', body: Buffer.alloc(0) })

async function ops(health: object): Promise<string> {
  const all = { live: true, ready: true, accepting: true, draining: false, reasons: [], warnings: [], ...health }
  const server = await startOps({ host: '127.0.0.1', port: 0, timers, metrics: noExposition, health: () => all })
  onTestFinished(() => server.close())
  return server.url
}

/** A data folder with a server that is process 1. */
async function lockedFolder(holder: object): Promise<string> {
  const data = await temporaryFolder()
  await writeFile(join(data, 'lock'), JSON.stringify({ pid: 1, ...holder }))
  return data
}

test('weir health ends with 0 if ready, 1 with the reasons if not, and 2 if nothing answers', async () => {
  expect(await weir(['health', '--url', await ops({})])).toEqual({ code: 0, out: 'ready\n', err: '' })
  const reasons = ['the sink bus is not connected', 'the disk is full']
  const url = await ops({ ready: false, reasons, warnings: ['slow disk'] })
  expect(await weir(['health', '--url', url])).toEqual({
    code: 1,
    out: `not ready\n  ${reasons.join('\n  ')}\n  warning: slow disk\n`,
    err: '',
  })
  expect(JSON.parse((await weir(['health', '--url', url, '-o', 'json'])).out)).toMatchObject({ ready: false, reasons })
  const [closed] = await freePorts(1)
  const away = await weir(['health', '--url', `http://127.0.0.1:${closed}`])
  expect(away).toMatchObject({ code: 2, err: expect.stringContaining('connection refused') as string })
  expect(await weir(['health', '--data', await temporaryFolder()])).toMatchObject({ code: 2 })
  expect(await weir(['health', '--timeout', 'x'])).toMatchObject({ code: 2 })
})

test('it needs no token, by the address of `ops` in the data folder', async () => {
  const { api } = await start({ auth: { tokens: [{ name: 'me', token: 'a-token-of-a-reader' }] } })
  expect(await weir(['health', '--url', api.url])).toMatchObject({
    code: 2,
    err: expect.stringContaining('401') as string,
  })
  const data = await lockedFolder({ url: api.url, ops: await ops({}) })
  expect(await weir(['health', '--data', data])).toEqual({ code: 0, out: 'ready\n', err: '' })
  // Without `ops`, by the API.
  const { api: open } = await start()
  expect(await weir(['health', '--data', await lockedFolder({ url: open.url })])).toMatchObject({ code: 0 })
})

test('a server that is starting is not ready, and one that does not respond is unreachable', async () => {
  expect(await weir(['health', '--data', await lockedFolder({ url: '' })])).toEqual({
    code: 1,
    out: 'not ready\n  Weir is starting\n',
    err: '',
  })
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  onTestFinished(() => silent.close().closeAllConnections())
  await new Promise((resolve) => silent.once('listening', resolve))
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  expect(await weir(['health', '--url', url, '--timeout', '0.2'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('no response within 0.2 s') as string,
  })
})
