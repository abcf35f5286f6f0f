import { expect, test } from 'vitest'
import { platforms } from './archives.ts'
import { formulaText } from './homebrew.ts'

const sums = new Map(Object.keys(platforms).map((name, at) => [name, String(at).repeat(64)]))

test('the formula has the address and checksum of each archive that Homebrew installs', async () => {
  const text = await formulaText('https://example.com/weir/', '1.2.3', sums)
  for (const name of ['macos-arm64', 'macos-x64', 'linux-arm64', 'linux-x64'])
    expect(text).toContain(
      `url "https://example.com/weir/weir-1.2.3-${name}.tar.gz"\n      sha256 "${sums.get(name) ?? ''}"\n`,
    )
  expect(text).not.toMatch(/@[A-Z]/)
  const blocks = text.match(/\bdo$|^  def /gm)?.length
  expect(text.match(/^ *end$/gm)).toHaveLength((blocks ?? 0) + 1)
})

test('a missing archive or a wrong address is an error', async () => {
  await expect(formulaText('https://example.com', '1.2.3', new Map())).rejects.toThrow('macos-arm64')
  await expect(formulaText('example.com', '1.2.3', sums)).rejects.toThrow('--url example.com')
})
