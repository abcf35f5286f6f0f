import { recordedResults } from '../foreign/results.ts'
import { generatedHead, table } from './markdown.ts'

export async function compliancePage(): Promise<string> {
  const rows = (await recordedResults()).map(({ suite, version, date, right, refused, wrong }) => [
    `\`${suite}\``,
    version,
    date,
    String(right),
    String(refused),
    String(wrong),
  ])
  return `${generatedHead('Compliance', 'tools/foreign/results')}\
Test suites and files of other projects, run against Weir. \`npm run foreign\` lists the suites and the source of each.
A refused case is one that Weir reports as not supported, with the reason. No file of another project is part of this
repository.

${table(['Suite', 'Version', 'Date', 'Right', 'Refused', 'Wrong'], rows)}`
}
