import { expect, onTestFinished, test } from 'vitest'
import { answerAfterBody } from '../../../test/kit/raw-http.ts'
import { realHost } from '../../host/index.ts'
import { openReceiver } from './receiver.ts'

test('a client that sends a refused body to its end receives the response', async () => {
  const host = realHost()
  const refused: string[] = []
  const receiver = await openReceiver({
    places: [{ host: '127.0.0.1', port: 0 }],
    tls: undefined,
    token: 'secret',
    maxBytes: 4 << 20,
    memory: host.memory,
    timers: host.timers,
    routes: {},
    refused: (reason) => refused.push(reason),
  })
  onTestFinished(() => receiver.close())
  const port = Number(new URL(receiver.addresses[0] ?? '').port)
  for (let time = 0; time < 5; time++) expect(await answerAfterBody(port, '/x', 8 << 20)).toMatch(/^HTTP\/1\.1 401 /)
  expect(refused).toEqual(Array.from({ length: 5 }, () => 'unauthorized'))
})
