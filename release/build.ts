import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listTopics } from '../src/cli/help/topics.ts'
import { ROOT, runCommand } from '../tools/kit/command.ts'
import { isMain } from '../tools/kit/main.ts'
import { bundle } from './bundle.ts'
import { publishedManifest, readManifest } from './manifest.ts'
import { noticesOf, noticesText, takeConsoleNotices } from './notices.ts'
import { writeTypes } from './types.ts'

export async function buildPackage(out: string): Promise<void> {
  const manifest = await readManifest(ROOT)
  await rm(out, { recursive: true, force: true })
  await mkdir(join(out, 'bin'), { recursive: true })
  const consoleFolder = join(out, 'console/dist')
  const console = await runCommand(process.execPath, [join(ROOT, 'console/build.mjs'), '--outDir', consoleFolder], {
    limit: 120_000,
  })
  if (console.code !== 0) throw new Error(`The console cannot be built:\n${console.output}`)
  const { files } = await bundle(ROOT, join(out, 'dist'), manifest)
  await writeTypes(ROOT, join(out, 'types'))
  await cp(join(ROOT, 'bin/weir.mjs'), join(out, 'bin/weir.mjs'))
  for (const name of ['LICENSE', 'CHANGELOG.md']) await cp(join(ROOT, name), join(out, name))
  for (const { path } of await listTopics()) await cp(join(ROOT, `docs/${path}.md`), join(out, `docs/${path}.md`))
  // `weir init` names the chart.
  await cp(join(ROOT, 'deploy/helm/weir'), join(out, 'deploy/helm/weir'), { recursive: true })
  await cp(join(ROOT, 'tools/connector-package'), join(out, 'tools/connector-package'), { recursive: true })
  await cp(join(ROOT, 'release/README.md'), join(out, 'README.md'))
  await writeFile(
    join(out, 'THIRD-PARTY-NOTICES.md'),
    noticesText([...(await noticesOf(files)), ...(await takeConsoleNotices(consoleFolder))]),
  )
  await writeFile(join(out, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
  await lockVersions(out)
}

async function lockVersions(out: string) {
  await cp(join(ROOT, 'package-lock.json'), join(out, 'npm-shrinkwrap.json'))
  const locked = await runCommand(
    'npm',
    ['install', '--package-lock-only', '--offline', '--ignore-scripts', '--omit-lockfile-registry-resolved'],
    { cwd: out, limit: 120_000 },
  )
  if (locked.code !== 0) throw new Error(`The versions of the dependencies cannot be locked:\n${locked.output}`)
}

if (isMain(import.meta.url)) {
  const out = join(ROOT, 'dist/package')
  await buildPackage(out)
  console.log(
    `${out}: ${(await readdir(out)).join(' ')}\nnpm pack ./dist/package makes the file that npm install -g takes.`,
  )
}
