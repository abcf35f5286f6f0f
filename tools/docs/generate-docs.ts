// `npm run docs` writes the pages; `npm run check` fails when one differs.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessPage } from './access.ts'
import { chartListeners, chartListenersFile } from './chart-listeners.ts'
import { chartSchema, chartSchemaFile } from './chart-schema.ts'
import { cliPage } from './cli.ts'
import { compliancePage } from './compliance.ts'
import { componentPage, componentPages, componentsFolder } from './components.ts'
import { configurationPage } from './configuration.ts'
import { graphPage } from './graph.ts'
import { httpApiPage } from './http-api.ts'
import { generatedHead } from './markdown.ts'
import { homes, readmeHead, systemsFile, systemsPage } from './readme-heads.ts'
import { sharedSettingsPage } from './shared-settings.ts'
import { errorsPage, fieldsPage, metricsPage } from './tables.ts'
import { ROOT } from '../kit/command.ts'

export interface GeneratedFile {
  readonly path: string
  /** Must be deterministic on every machine. */
  generate(): Promise<string>
}

export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/reference/platforms.md', generate: platforms },
  { path: 'docs/reference/configuration.md', generate: configurationPage },
  { path: 'docs/reference/shared-settings.md', generate: sharedSettingsPage },
  ...componentPages().map((page) => ({
    path: `${componentsFolder}/${page.type}.md`,
    generate: () => componentPage(page),
  })),
  { path: 'docs/reference/cli.md', generate: cliPage },
  { path: 'docs/reference/errors.md', generate: errorsPage },
  { path: 'docs/reference/metrics.md', generate: metricsPage },
  { path: 'docs/reference/fields.md', generate: fieldsPage },
  { path: 'docs/reference/http-api.md', generate: httpApiPage },
  { path: 'docs/reference/access.md', generate: accessPage },
  { path: 'docs/reference/compliance.md', generate: compliancePage },
  { path: chartSchemaFile, generate: chartSchema },
  { path: chartListenersFile, generate: chartListeners },
  // Only a block of these is generated.
  { path: systemsFile, generate: systemsPage },
  { path: 'docs/guide/graph.md', generate: graphPage },
  ...homes().map((home) => ({ path: `${home.folder}/README.md`, generate: () => readmeHead(home) })),
]

type PackageFile = Readonly<{
  engines: Readonly<Record<string, string>>
  optionalDependencies: Readonly<Record<string, string>>
}>

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
Weir runs on Node 24. \`npm ci\`, run with Node ${pkg.engines['node'] ?? ''}, installs the build for the machine as
an optional dependency. Every \`npm\` command of this repository uses it.

| System | CPU | Node | Package |
|---|---|---|---|
${rows.join('\n')}

On other platforms, install Node 24; the \`npm\` commands then use it.
`
}
