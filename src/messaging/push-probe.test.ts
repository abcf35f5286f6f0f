import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { realHost } from '../host/index.ts'
import { probeListener } from './push-probe.ts'

const context = { id: 'push', host: realHost() }
const listen = [{ host: '127.0.0.1', port: 4318 }]

test('the TLS files of a push source are tested, and a missing one fails', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-push-probe-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const cert = join(folder, 'cert.pem')
  await writeFile(cert, 'no certificate')
  expect(await probeListener({ listen, tls: null }, context)).toEqual({
    is: 'ok',
    message: 'plain connections at 127.0.0.1:4318',
  })
  for (const key of [join(folder, 'none.pem'), cert])
    expect(
      await probeListener({ listen, tls: { cert_file: cert, key_file: key, client_ca_file: null } }, context),
    ).toMatchObject({
      is: 'fail',
      message: expect.stringMatching(/^TLS files for 127\.0\.0\.1:4318: /) as string,
    })
})
