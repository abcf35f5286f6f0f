// The pages that are generated from the code, so that they cannot say something else than it does.
// Add a generator here; `npm run docs` writes the files, `npm run check` fails when one on disk differs.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './kit/command.ts'

export interface GeneratedFile {
  /** Path relative to the root, with forward slashes. */
  readonly path: string
  /** The whole text of the file. The same code must give the same bytes on every machine. */
  generate(): Promise<string>
}

export const generatedFiles: readonly GeneratedFile[] = [{ path: 'docs/reference/platforms.md', generate: platforms }]

/** Head of every generated page. */
export function generatedHead(title: string, from: string): string {
  return `<!-- Generated from ${from} by \`npm run docs\`. Do not edit. -->\n\n# ${title}\n\n`
}

interface PackageFile {
  readonly engines: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

async function platforms(): Promise<string> {
  const pkg = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as PackageFile
  const rows = Object.entries(pkg.optionalDependencies)
    .filter(([name]) => /^node-(?:bin-)?(?:linux|darwin|win)-/.test(name))
    .map(([name, version]) => {
      const [system = '', cpu = ''] = name.replace(/^node-(?:bin-)?/, '').split('-')
      const called = { linux: 'Linux', darwin: 'macOS', win: 'Windows' }[system] ?? system
      return `| ${called} | ${cpu} | ${version} | \`${name}\` |`
    })
  return `${generatedHead('Platforms', 'package.json')}\
Weir runs on Node 24. \`npm ci\`, started by Node ${pkg.engines['node'] ?? ''}, installs the one that fits the machine as an
optional dependency, and every \`npm\` command of this repository runs on it.

| System | CPU | Node | Package |
|---|---|---|---|
${rows.join('\n')}

On another platform install Node 24 yourself; npm's commands then use it.
`
}
