import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { generatedToken } from './generated-token.ts'

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'weir-token-'))
  folders.push(made)
  return made
}

test('a token is made once for a data folder, and only its owner can read it', async () => {
  const place = folder()
  const first = await generatedToken(realHost(), place)
  expect(first).toEqual({ token: expect.stringMatching(/^[\w-]{43}$/) as unknown, path: `${place}/token`, fresh: true })
  expect(statSync(first.path).mode & 0o777).toBe(0o600)
  expect(readFileSync(first.path, 'utf8')).toBe(`${first.token}\n`)
  expect(await generatedToken(realHost(), place)).toEqual({ ...first, fresh: false })
  expect((await generatedToken(realHost(), folder())).token).not.toBe(first.token)
})

test('a file that holds nothing, or next to nothing, is no token', async () => {
  for (const text of ['', '\n', 'short', 'two words of a length that would do']) {
    const place = folder()
    writeFileSync(join(place, 'token'), text)
    await expect(generatedToken(realHost(), place)).rejects.toMatchObject({
      code: 'WEIR_DATA_UNUSABLE',
      message: expect.stringContaining('remove it') as unknown,
    })
  }
})
