import { severities } from '../model/image-insights.ts'
import type { ViewColumn } from './views.ts'

const moment = 'TIMESTAMP WITH TIME ZONE'
const text = (name: string, meaning: string): ViewColumn => ({ name, type: 'VARCHAR', meaning })
const count = (name: string, meaning: string): ViewColumn => ({ name, type: 'UINTEGER', meaning })

const validity: readonly ViewColumn[] = [
  { name: 'valid_from', type: moment, meaning: 'Time of the first report that has the row' },
  { name: 'valid_to', type: moment, meaning: 'Time of the report that lacks it, exclusive; NULL: still valid' },
]

const about: readonly ViewColumn[] = [
  text('image', 'Digest of the image'),
  text('image_name', 'Repository of the image'),
  text('tool', 'Program that wrote the report'),
  text('tool_version', 'Version of the program'),
  ...validity,
  text('ref', 'Reference of the image'),
  { name: 'data', type: 'JSON', meaning: 'Everything that the report has about the row' },
]

const packages: readonly ViewColumn[] = [
  text('name', 'Name of the package, with its group or scope'),
  text('version', 'Version'),
  text('type', 'Kind of package: deb, apk, npm, maven, pypi, golang …'),
  text('purl', 'Package URL'),
  text('licenses', 'Licenses, separated by commas'),
  ...about,
]

const problems: readonly ViewColumn[] = [
  text('id', 'Id of the vulnerability: CVE-…, GHSA-…'),
  text('severity', severities.join(', ')),
  { name: 'severity_rank', type: 'UTINYINT', meaning: '1: CRITICAL, 2: HIGH, and so on' },
  { name: 'score', type: 'DOUBLE', meaning: '0 to 1: a tenth of CVSS' },
  text('package', 'Name of the package'),
  text('version', 'Installed version'),
  text('type', 'Kind of package'),
  text('purl', 'Package URL'),
  text('fixed_version', 'Versions with a fix; NULL: none is known'),
  text('state', 'State by the tool, for example will_not_fix'),
  { name: 'waived', type: 'BOOLEAN', meaning: 'A waiver, or the state, excludes that the problem affects the image' },
  text('waiver', 'Status of the OpenVEX statement: not_affected, affected, fixed, under_investigation'),
  text('waiver_reason', 'Its justification'),
  ...about,
  { name: 'epss', type: 'DOUBLE', meaning: 'Probability of exploitation within 30 days; NULL: unknown' },
  { name: 'kev', type: 'BOOLEAN', meaning: 'CISA lists it as exploited; NULL without the catalog' },
]

const facts: readonly ViewColumn[] = [
  text('category', 'environment, label, image, os …'),
  text('name', 'Name'),
  text('value', 'Value'),
  ...about,
]

const images: readonly ViewColumn[] = [
  text('image', 'Digest of the image'),
  text('name', 'Repository'),
  { name: 'tags', type: 'VARCHAR[]', meaning: 'Tags' },
  { name: 'aliases', type: 'VARCHAR[]', meaning: 'Other digests of the image: manifest, index, configuration' },
  text('os', 'Operating system'),
  text('architecture', 'Architecture'),
  text('tool', 'Program that wrote the report'),
  text('tool_version', 'Version of the program'),
  text('format', 'Format of the document'),
  count('packages', 'Packages; NULL: the report lists none'),
  count('problems', 'Findings; NULL: the report has no search for problems'),
  ...severities.map((severity) => count(severity.toLowerCase(), `Findings of the severity ${severity}`)),
  count('fixable', 'Findings with a fixed version'),
  count('facts', 'Facts'),
  text('sha256', 'Hash of the document'),
  text('origin', 'Path or address of the document'),
  { name: 'valid_from', type: moment, meaning: 'Time of the report' },
  { name: 'valid_to', type: moment, meaning: 'Time of the next report of the tool, exclusive; NULL: the newest' },
  text('ref', 'Reference of the image'),
  text('report', 'Id of the report'),
  { name: '_pos', type: 'VARCHAR', meaning: 'Stable id of the row: source instance, epoch, source sequence, row' },
]

export const insightColumnsOfViews = { packages, problems, facts, images } as const
