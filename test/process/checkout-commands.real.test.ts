// The commands of a checkout through npm, as root and as another user.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { askInstalled, expectFound, installedMissing, publicFolder } from '../kit/installed-commands.ts'

test('the commands of a checkout find the server that npm started', async (context) => {
  const reason = await installedMissing()
  if (reason !== undefined) return context.skip(reason)
  const clone = join(await publicFolder(), 'clone')
  const left = ['node_modules', 'weir-data', 'build', '.git'].map((name) => `--exclude=./${name}`).join(' ')
  const copy = `mkdir -p ${clone}/node_modules && tar ${left} -C ${ROOT} -cf - . | tar -C ${clone} -xf -`
  expect((await runCommand('sh', ['-c', copy], { limit: 120_000 })).code).toBe(0)
  const path = `PATH=${clone}/node_modules/.bin:$PATH HOME=${clone}`
  const found = await askInstalled({
    prepare: `mount --bind ${ROOT}/node_modules ${clone}/node_modules`,
    server: `cd ${clone} && ${path} exec npm start`,
    weir: `cd ${clone} && ${path} npm run -s weir --`,
    as: { root: 'env', other: 'setpriv --reuid=nobody --regid=nogroup --clear-groups env' },
  })
  expectFound(found, 'checkout')
  expect(found.before.root['status']?.output).toContain('Start it with `npm start`.')
  expect(found.before.root['status']?.output).toContain('./weir-data: does not exist')
})
