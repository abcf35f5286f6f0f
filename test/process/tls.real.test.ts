// TLS of the API as a user configures it: the console's address, a command with the authority, and a certificate that
// does not fit its key.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { selfSigned } from '../kit/certificate.ts'
import { prepareWeir } from '../kit/weir-process.ts'

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-tls-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test('weir serves https with the files of `tls`, and its commands reach it with the authority', async () => {
  const { cert, key } = selfSigned('weir')
  const folder = await folderWith({ 'tls.crt': cert, 'tls.key': key })
  await using weir = await prepareWeir({
    folder,
    config: { tls: { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') } },
  })
  await weir.start()
  const url = `https://127.0.0.1:${weir.ports.api}`
  expect(weir.log).toContain(`weir is ready: ${url}`)
  const query = (env: Readonly<Record<string, string>>): ReturnType<typeof runCommand> =>
    runCommand(
      join(ROOT, 'node_modules/.bin/node'),
      ['src/main.ts', 'query', '--url', url, '-o', 'json', 'SELECT 1 AS one'],
      { cwd: ROOT, limit: 30_000, env: { ...process.env, ...env } },
    )
  expect((await query({ NODE_EXTRA_CA_CERTS: join(folder, 'tls.crt') })).stdout).toContain('"one":1')
  const distrusted = await query({})
  expect([distrusted.code, distrusted.output]).toEqual([1, expect.stringMatching(/certificate/)])
})

test('a key of another certificate is refused before anything starts', async () => {
  const folder = await folderWith({ 'tls.crt': selfSigned('one').cert, 'tls.key': selfSigned('two').key })
  const weir = await prepareWeir({
    folder,
    config: { tls: { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') } },
  })
  await expect(weir.start()).rejects.toThrow('the file is not the key of the certificate')
})
